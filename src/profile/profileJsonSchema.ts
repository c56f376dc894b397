import * as z from 'zod';
import { PROFILE_SCHEMA, ProfileSchema } from './profileSchema.js';

/** JSON Schema (draft 2020-12) of a profile's file, as the package ships it. */
export function profileJsonSchema(): Record<string, unknown> {
  return {
    $id: `urn:${PROFILE_SCHEMA.replace('/', ':')}`,
    title: PROFILE_SCHEMA,
    ...z.toJSONSchema(ProfileSchema, { io: 'input' }),
  };
}
