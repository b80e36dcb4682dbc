/** "8b" and "0.5b" are sizes; other numbers near the name are versions. */
const SIZE = /^(\d+(?:\.\d+)?)b$/;
/** Billions of weights that a class of size ends at: within one, models of a name are much alike. */
const SIZE_STEPS = [4, 16, 48];

/**
 * What a model is akin to by its id: name, major version and class of size, such as `llama-3/2` for
 * `meta-llama/Llama-3.1-8B-Instruct`. Where a model has no history, that of its kin says more than nothing.
 */
export function kinOf(modelId: string): string {
  const name = modelId.slice(modelId.lastIndexOf('/') + 1).toLowerCase();
  const parts = name.split(/[-_: ]+/).filter((part) => part !== '');
  const [, letters = '', glued = ''] = /^([a-z]*)(\d*)/.exec(parts[0] ?? '') ?? [];
  const version = glued !== '' ? glued : (parts.slice(1).find(isVersion) ?? '').replace(/^v?(\d+).*$/, '$1');
  const size = parts.map((part) => SIZE.exec(part)?.[1]).find((billions) => billions !== undefined);
  const step = size === undefined ? '' : SIZE_STEPS.filter((most) => Number(size) >= most).length;
  return `${letters === '' ? name : letters}-${version}/${step}`;
}

const isVersion = (part: string): boolean => /^v?\d/.test(part) && !SIZE.test(part);
