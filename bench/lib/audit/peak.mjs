/** Loaded before a program: says at its end how much memory it held at most. */
import process from 'node:process';

process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  process.stderr.write(`peak ${maxRSS} kB, cpu ${userCPUTime + systemCPUTime} us\n`);
});
