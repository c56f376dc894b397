/** Build step: writes the JSON Schemas of the documents beside this file. */
import { writeFileSync } from 'node:fs';
import { doctorJsonSchema, jsonSchema } from './jsonSchema.js';

function emit(name: string, schema: Record<string, unknown>): void {
  writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(schema, null, 2)}\n`);
}

emit('./schema.json', jsonSchema());
emit('./doctor.json', doctorJsonSchema());
