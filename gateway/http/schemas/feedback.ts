import { Type } from 'typebox';
import type { Static } from 'typebox';

export const Feedback = Type.Object({ rating: Type.Enum(['good', 'bad']) }, { additionalProperties: false });
export type Feedback = Static<typeof Feedback>;
