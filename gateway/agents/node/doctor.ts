import type { DeploymentAddresses } from '../../lib/deployment.ts';
import type { Signer } from '../../protocol/signature.ts';
import type { Backend } from './backend.ts';

export type Check = { readonly name: string; readonly ok: boolean; readonly detail: string };

export type Examined = {
  readonly deployment: () => DeploymentAddresses;
  readonly signer: () => Promise<Signer>;
  readonly makeDataDir: () => void;
  readonly backend: Backend;
  readonly names: ReadonlyMap<string, string>;
};

const BACKEND_MS = 10_000;

/** Tries everything that serving needs, one line each, without serving. */
export async function examine(subject: Examined): Promise<readonly Check[]> {
  return [
    await check('deployment', () => {
      const { chainId, proofRegistry } = subject.deployment();
      return `chain ${chainId}, registry ${proofRegistry}`;
    }),
    await check('signer', async () => `signs as ${(await subject.signer()).address}`),
    await check('data folder', () => {
      subject.makeDataDir();
      return 'can be written';
    }),
    await check('backend', () => modelsOf(subject)),
  ];
}

async function modelsOf({ backend, names }: Examined): Promise<string> {
  const answer: unknown = JSON.parse((await backend.models(AbortSignal.timeout(BACKEND_MS))).toString('utf8'));
  const data: unknown = typeof answer === 'object' && answer !== null && 'data' in answer ? answer.data : undefined;
  if (!Array.isArray(data)) throw new TypeError('GET /models does not answer with a list');
  const ids = data.flatMap((model: unknown) =>
    typeof model === 'object' && model !== null && 'id' in model && typeof model.id === 'string' ? [model.id] : [],
  );
  const missing = [...names.values()].filter((name) => !ids.includes(name));
  if (missing.length > 0) throw new TypeError(`the backend does not serve ${missing.join(', ')}`);
  return `serves ${ids.slice(0, 10).join(', ')}`;
}

async function check(name: string, run: () => string | Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, detail: await run() };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}
