import { createHash } from 'node:crypto';

import { freePorts, here, startChild, untilListening } from './child.ts';
import type { Child } from './child.ts';
import { installPortkey } from './portkey.ts';

/** What is compared: each system is a process of its own in front of the same upstream. */
export type SystemName = 'direct' | 'bare' | 'portkey' | 'dgrid';

export type System = {
  readonly name: SystemName;
  readonly child: Child;
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
};

export type Rig = {
  readonly systems: readonly System[];
  readonly load: Child;
  /** Why a system is missing from the comparison. */
  readonly missing: Readonly<Partial<Record<SystemName, string>>>;
  readonly stop: () => Promise<void>;
};

/** Where processes run: the system under test alone on one core, load and upstream on another. */
export type Cores = { readonly tested: number | undefined; readonly rest: number | undefined };

const NODES = 8;
const KEY = 'dgrid-bench-key';
const BEARER = { authorization: `Bearer ${KEY}` };

export async function startRig(wanted: ReadonlySet<SystemName>, cores: Cores): Promise<Rig> {
  const [bare = 0, portkey = 0, dgrid = 0, ...nodes] = await freePorts(3 + NODES);
  const onTested = cores.tested === undefined ? {} : { core: cores.tested };
  const onRest = cores.rest === undefined ? {} : { core: cores.rest };
  const [first = 0] = nodes;
  const upstream = startChild({ file: here('fake-upstream.ts'), args: ['--ports', nodes.join(',')], ...onRest });
  const load = startChild({ file: here('load.ts'), args: [], ...onRest });
  const systems: System[] = [{ name: 'direct', child: upstream, port: first, headers: BEARER }];
  const missing: Partial<Record<SystemName, string>> = {};
  await untilListening(first);

  const add = async (name: SystemName, port: number, start: () => { child: Child; headers?: object }) => {
    if (!wanted.has(name)) return;
    try {
      const { child, headers = {} } = start();
      systems.push({ name, child, port, headers: { ...BEARER, ...headers } });
      await untilListening(port);
    } catch (error) {
      missing[name] = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    }
  };
  await add('bare', bare, () => ({
    child: startChild({
      file: here('bare-proxy.ts'),
      args: ['--port', String(bare), '--upstream', String(first)],
      ...onTested,
    }),
  }));
  await add('portkey', portkey, () => ({
    child: startChild({ file: installPortkey(), args: [`--port=${portkey}`, '--headless'], ...onTested }),
    headers: { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': `http://127.0.0.1:${first}/v1` },
  }));
  await add('dgrid', dgrid, () => ({
    child: startChild({
      file: here('start-our-gateway.ts'),
      args: ['--port', String(dgrid), '--upstreams', nodes.join(','), '--keyHash', hashOf(KEY)],
      nodeArgs: ['--expose-gc'],
      ...onTested,
    }),
  }));
  const stop = async (): Promise<void> => {
    await Promise.all([load, ...systems.map(({ child }) => child)].map((child) => child.stop()));
  };
  return { systems, load, missing, stop };
}

const hashOf = (key: string): string => createHash('sha256').update(key, 'utf8').digest('hex');
