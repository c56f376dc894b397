/** Build step: writes the JSON Schema of the result document beside this file. */
import { writeFileSync } from 'node:fs';
import { jsonSchema } from './jsonSchema.js';

writeFileSync(new URL('./schema.json', import.meta.url), `${JSON.stringify(jsonSchema(), null, 2)}\n`);
