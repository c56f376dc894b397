import * as z from 'zod';
import { RESULT_SCHEMA, RunResultSchema } from './model.js';
import { DoctorReportSchema } from './modelDoctor.js';
import { DOCTOR_SCHEMA } from './version.js';

/** JSON Schema (draft 2020-12) of the result document, as the package ships it. Allows further fields. */
export function jsonSchema(): Record<string, unknown> {
  return {
    $id: `urn:${RESULT_SCHEMA.replace('/', ':')}`,
    title: RESULT_SCHEMA,
    ...z.toJSONSchema(RunResultSchema, { io: 'input' }),
  };
}

/** The same of what `mcast doctor` prints. */
export function doctorJsonSchema(): Record<string, unknown> {
  return {
    $id: `urn:${DOCTOR_SCHEMA.replace('/', ':')}`,
    title: DOCTOR_SCHEMA,
    ...z.toJSONSchema(DoctorReportSchema, { io: 'input' }),
  };
}
