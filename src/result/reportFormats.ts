/** What a result can be written as; named by the extension of a file. */
export const REPORT_FORMATS = ['html', 'json', 'csv', 'series.csv', 'xml', 'md', 'txt'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];
