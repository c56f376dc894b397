/** A whole page in one file: nothing is loaded, nothing but its own script runs, and that script is named by its hash. */
import { markup, trusted, type Markup } from './markup.js';
import { PAGE_SCRIPT } from './pageScript.js';
import { PAGE_STYLE } from './pageStyle.js';

/** SHA-256 of what stands between the tags, in base64 (CSP Level 3 section 2.3.1); a test computes both anew. */
export const STYLE_HASH = 'jNkz96vzN/BPl8ozllLO7hUhN7CbPajeZu11uk3gn/Q=';
export const SCRIPT_HASH = 'seC5j/YQOOCOa5PKVylv9GqDwMj3XDQvH+7f5zeCPKQ=';

const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; script-src 'sha256-${SCRIPT_HASH}'; base-uri 'none'; form-action 'none'`;

export function page(title: string, body: Markup, footer: string): string {
  const head = markup`<!doctype html>
    <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta http-equiv="Content-Security-Policy" content="${trusted(POLICY)}" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="referrer" content="no-referrer" />
      <meta name="color-scheme" content="light dark" />
      <title>${title}</title>
      <style>${trusted(PAGE_STYLE)}</style>
    </head>`;
  return markup`${head}
    <body>
      <main>${body}</main>
      <footer>${footer}</footer>
      <script>${trusted(PAGE_SCRIPT)}</script>
    </body>
    </html>${trusted('\n')}`.text;
}
