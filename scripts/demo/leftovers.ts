import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * After a run that failed: its logs are worth keeping, a folder without any is removed. What goes wrong here (somebody
 * may have cleared the temporary folder) is less than what went wrong before, and must not hide it.
 * @returns the folder of the logs, if there are any.
 */
export function keepLogs(dir: string): string | undefined {
  const logs = join(dir, 'logs');
  try {
    if (readdirSync(logs).length > 0) return logs;
    rmSync(dir, { recursive: true, force: true });
  } catch {
    return undefined;
  }
  return undefined;
}
