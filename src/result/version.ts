/** Name and version of the document. Fields are added within a version, never renamed or removed. */
export const RESULT_SCHEMA = 'mcastkit.result/1';
/** The same of what `mcast doctor` prints. */
export const DOCTOR_SCHEMA = 'mcastkit.doctor/1';
