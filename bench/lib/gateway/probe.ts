import { Server } from 'node:net';

/**
 * Loaded with `--import` into every process of a bench: keeps its listeners on the loopback interface whatever the
 * program would choose, answers questions about its use of the machine, and ends it with the bench.
 */
type Listen = (...args: unknown[]) => Server;

const HOST = '127.0.0.1';
const prototype = Server.prototype as unknown as { listen: Listen };
const listen = prototype.listen;

prototype.listen = function pinned(this: Server, ...args: unknown[]): Server {
  const [first, second, ...rest] = args;
  if (typeof first === 'object' && first !== null && 'port' in first)
    return listen.call(this, { ...first, host: HOST }, ...args.slice(1));
  if (typeof first !== 'number' && typeof first !== 'string') return listen.apply(this, args);
  return typeof second === 'string'
    ? listen.call(this, first, HOST, ...rest)
    : listen.call(this, first, HOST, ...args.slice(1));
};

process.on('message', (message: unknown) => {
  if (message !== 'usage') return;
  const { user, system } = process.cpuUsage();
  const handles = process.getActiveResourcesInfo();
  const { rss: rssBytes, heapUsed: heapBytes } = process.memoryUsage();
  process.send?.({ usage: { cpuUs: user + system, rssBytes, heapBytes, handles } });
});
process.on('message', (message: unknown) => {
  if (message !== 'collect') return;
  (globalThis as { gc?: () => void }).gc?.();
  process.send?.({ collected: true });
});
process.on('disconnect', () => process.exit(0));
