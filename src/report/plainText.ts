/** What somebody else wrote may be anything: nothing of it is to steer a terminal. */
export function plainText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- replacing control characters is the purpose
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '\uFFFD');
}
