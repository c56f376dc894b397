/** Build step: writes the JSON Schema of a profile's file beside this file. */
import { writeFileSync } from 'node:fs';
import { profileJsonSchema } from './profileJsonSchema.js';

writeFileSync(new URL('./schema.json', import.meta.url), `${JSON.stringify(profileJsonSchema(), null, 2)}\n`);
