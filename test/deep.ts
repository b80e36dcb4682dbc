/** True in the deep profile (`npm run test:deep`): the same tests, with the run counts that are too long for every commit. */
export const deep = process.env['DGRID_DEEP'] === '1';

/** Run count of a test: `usual` on every commit, `inDepth` in the deep profile. */
export const runs = (usual: number, inDepth: number): number => (deep ? inDepth : usual);
