/** Text that others wrote, as one line: what would steer a terminal (C0, C1, bidirectional controls) becomes U+FFFD. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- replacing control characters is the purpose
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '\uFFFD');
}
