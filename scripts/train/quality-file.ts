import { QUALITY_ARRAYS, QUALITY_VERSION } from '../../gateway/route/quality/model-file.ts';
import type { QualityModel } from '../../gateway/route/quality/predictor.ts';

/** What `parseQualityModel` reads. */
export function writeQualityModel(model: QualityModel): string {
  const { models, means, forestShare, trust } = model;
  const arrays = { ...model, ...model.forest };
  const encoded = QUALITY_ARRAYS.map((name) => {
    const { buffer, byteOffset, byteLength } = arrays[name];
    return [name, Buffer.from(buffer, byteOffset, byteLength).toString('base64')] as const;
  });
  const file = {
    version: QUALITY_VERSION,
    models,
    means: [...means],
    forestShare,
    trust,
    ...Object.fromEntries(encoded),
  };
  return `${JSON.stringify(file)}\n`;
}
