import { keepCompiled } from '../../../gateway/lib/compiled.ts';

/** As the program starts: its compiled code is kept for the next start. */
keepCompiled();
await import('./our-gateway.ts');
