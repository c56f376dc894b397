/** The page around its parts: whole as it is sent, so that it can be read before, and without, its script. */
import { markup, trusted } from '../html/markup.js';
import type { Part } from './liveParts.js';

export interface Shell {
  readonly title: string;
  readonly parts: readonly Part[];
  /** Of what the page is made with: another one must be loaded anew. */
  readonly build: string;
}

export function shell({ title, parts, build }: Shell): string {
  return markup`<!doctype html>
    <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="referrer" content="no-referrer" />
      <meta name="color-scheme" content="light dark" />
      <title>${title}</title>
      <link rel="icon" type="image/svg+xml" href="icon.svg" />
      <link rel="stylesheet" href="page.css" />
      <script type="module" src="page.js"></script>
      <noscript><meta http-equiv="refresh" content="5" /></noscript>
    </head>
    <body data-build="${build}">
      <a class="skip" href="#main">To the figures</a>
      <p id="link" class="link" role="status"></p>
      <main id="main" tabindex="-1">
        ${parts.map(
          ({ id, html }) => markup`<section id="${id}" data-part="">${trusted(html)}</section>
          ${id === 'verdict' && markup`<section id="picture"></section>`}`,
        )}
      </main>
      <noscript><p class="note">Without a script the page is loaded anew every 5 seconds.</p></noscript>
      <footer>Times are UTC. This page shows; nothing can be changed by it.</footer>
    </body>
    </html>${trusted('\n')}`.text;
}
