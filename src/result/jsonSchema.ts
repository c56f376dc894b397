import * as z from 'zod';
import { RESULT_SCHEMA, RunResultSchema } from './model.js';

/** JSON Schema (draft 2020-12) of the result document, as the package ships it. Allows further fields. */
export function jsonSchema(): Record<string, unknown> {
  return {
    $id: `urn:${RESULT_SCHEMA.replace('/', ':')}`,
    title: RESULT_SCHEMA,
    ...z.toJSONSchema(RunResultSchema, { io: 'input' }),
  };
}
