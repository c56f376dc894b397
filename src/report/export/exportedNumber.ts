/**
 * A number as Go and Python write it, which is what readers of expositions compare labels by: an exponent below
 * 1e-4, of two digits at least, and a decimal in what is whole (OpenMetrics 1.0, "Numbers", canonical values).
 */
export function canonicalNumber(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude === 0) return '0.0';
  if (magnitude >= 1e-4 && magnitude < 1e16) return Number.isInteger(value) ? `${value}.0` : String(value);
  return value.toExponential().replace(/e([+-])(\d)$/u, 'e$10$2');
}
