/**
 * What makes a page more comfortable, and no more: figures under the pointer, tables that can be sorted, folded parts on
 * paper. It reads what stands on the page and asks for nothing. Without it nothing is missing.
 */
export const PAGE_SCRIPT = `
'use strict';
(() => {
  const tip = document.createElement('div');
  tip.className = 'tip';
  tip.hidden = true;
  document.body.append(tip);
  for (const figure of document.querySelectorAll('figure[data-table]')) {
    const table = document.getElementById(figure.dataset.table);
    const plot = figure.querySelector('svg');
    if (table === null) continue;
    const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
    const cursor = document.createElementNS('http://www.w3.org/2000/svg', 'line');
    cursor.setAttribute('class', 'cursor');
    plot.addEventListener('pointermove', (event) => {
      const box = plot.getBoundingClientRect();
      const points = Number(figure.dataset.points);
      const point = Math.min(points - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * points)));
      const row = table.tBodies[0].rows[point];
      if (row === undefined) return;
      tip.replaceChildren(
        ...[...row.cells].map((cell, i) => {
          const line = document.createElement('div');
          for (const text of [heads[i], cell.textContent]) line.append(Object.assign(document.createElement('span'), { textContent: text }));
          return line;
        }),
      );
      tip.hidden = false;
      const x = event.clientX + 14 + tip.offsetWidth > innerWidth ? event.clientX - 14 - tip.offsetWidth : event.clientX + 14;
      tip.style.left = Math.max(0, x) + scrollX + 'px';
      tip.style.top = event.clientY + scrollY + 14 + 'px';
      const at = ((point + 0.5) / points) * 100 + '%';
      for (const [name, value] of [['x1', at], ['x2', at], ['y1', '14'], ['y2', '118']]) cursor.setAttribute(name, value);
      plot.append(cursor);
    });
    plot.addEventListener('pointerleave', () => {
      tip.hidden = true;
      cursor.remove();
    });
  }
  for (const table of document.querySelectorAll('table.sort')) {
    const body = table.tBodies[0];
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      if (!('by' in (body.rows[0]?.cells[column]?.dataset ?? {}))) return;
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener('click', () => {
        const falling = head.getAttribute('aria-sort') !== 'descending';
        for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
        head.setAttribute('aria-sort', falling ? 'descending' : 'ascending');
        const key = (row) => {
          const text = row.cells[column].dataset.by;
          return text === '' ? -Infinity : Number(text);
        };
        const rows = [...body.rows].sort((a, b) => (falling ? key(b) - key(a) : key(a) - key(b)) || 0);
        body.replaceChildren(...rows);
      });
    });
  }
  const folded = () => document.querySelectorAll('details:not([open])');
  let opened = [];
  addEventListener('beforeprint', () => {
    opened = [...folded()];
    for (const part of opened) part.open = true;
  });
  addEventListener('afterprint', () => {
    for (const part of opened) part.open = false;
  });
  const reveal = () => {
    const part = document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest('details');
    if (part) part.open = true;
  };
  addEventListener('hashchange', reveal);
  reveal();
})();
`;
