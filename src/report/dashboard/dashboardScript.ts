/**
 * What keeps the page up to date. Parts come from the server as HTML that is escaped there; what is on the page already
 * is changed where it differs, so that focus, selection, scrolling and what was unfolded stay. Nothing is kept of what
 * was shown before: the page does not grow.
 */
export const DASHBOARD_SCRIPT = `
'use strict';
const RETRY_MS = 1000;
const SILENCE_MS = 5000;
const link = document.getElementById('link');
let source = null;
let retry = 0;
let heardMs = performance.now();
let isOver = false;
let focusWanted = null;

const same = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id ?? '') === (b.id ?? '');

function patchAttributes(old, fresh) {
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const { name } of [...old.attributes]) {
    if (name !== 'open' && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
}

function patchChildren(old, fresh) {
  const byId = new Map();
  for (const child of old.children) if (child.id !== '') byId.set(child.id, child);
  let at = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const known = wanted.id ? byId.get(wanted.id) : undefined;
    if (known !== undefined && known !== at && same(known, wanted)) {
      old.insertBefore(known, at);
      at = known;
    }
    if (at === null) {
      old.append(wanted);
      continue;
    }
    if (!same(at, wanted)) {
      old.insertBefore(wanted, at);
      continue;
    }
    const next = at.nextSibling;
    if (at.nodeType !== Node.ELEMENT_NODE) {
      if (at.data !== wanted.data) at.data = wanted.data;
    } else if (!at.isEqualNode(wanted)) {
      patchAttributes(at, wanted);
      patchChildren(at, wanted);
    }
    at = next;
  }
  while (at !== null) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function show({ title, parts }) {
  const focused = document.activeElement;
  for (const [id, html] of Object.entries(parts)) {
    const part = document.querySelector('[data-part]#' + CSS.escape(id));
    if (part === null) continue;
    const fresh = document.createElement('template');
    fresh.innerHTML = html;
    patchChildren(part, fresh.content);
  }
  if (document.title !== title) document.title = title;
  if (focused !== null && focused !== document.body && document.activeElement !== focused && focused.isConnected) {
    focused.focus({ preventScroll: true });
  }
  if (focusWanted !== null) {
    const wanted = focusWanted();
    focusWanted = null;
    wanted?.focus();
    wanted?.scrollIntoView({ block: 'nearest' });
  }
}

function say(text, isGood) {
  if (link.textContent !== text) link.textContent = text;
  link.classList.toggle('good', isGood);
  document.body.classList.toggle('stale', text !== '' && !isGood);
}

function lost() {
  if (!isOver) say('The connection is lost. These are the last figures that came; it is tried again.', false);
}

function disconnect() {
  clearTimeout(retry);
  source?.close();
  source = null;
}

function connect() {
  disconnect();
  const own = (source = new EventSource('events' + location.search));
  const heard = (act) => (event) => {
    if (own !== source) return;
    heardMs = performance.now();
    act(event);
  };
  own.addEventListener('hello', heard(({ data }) => {
    // What the page is made with is that of another version.
    if (data !== document.body.dataset.build) location.reload();
    isOver = false;
    say('', true);
  }));
  own.addEventListener('parts', heard(({ data }) => show(JSON.parse(data))));
  own.addEventListener('alive', heard(() => {}));
  own.addEventListener('full', heard(() => {
    say('Too many pages are open on this run: these figures are those of the moment. It is tried again.', false);
    again(10 * RETRY_MS);
  }));
  own.addEventListener('over', heard(() => {
    isOver = true;
    say('The run has ended: these are its last figures.', true);
    again(5 * RETRY_MS);
  }));
  own.onerror = () => {
    if (own !== source) return;
    lost();
    again(isOver ? 5 * RETRY_MS : RETRY_MS);
  };
}

function again(afterMs) {
  disconnect();
  if (!document.hidden) retry = setTimeout(connect, afterMs);
}

setInterval(() => {
  if (source === null || performance.now() - heardMs < SILENCE_MS) return;
  heardMs = performance.now();
  lost();
  connect();
}, 1000);

// Nobody looks: nothing is asked for.
document.addEventListener('visibilitychange', () => {
  if (document.hidden) disconnect();
  else {
    heardMs = performance.now();
    connect();
  }
});
addEventListener('pagehide', disconnect);
addEventListener('pageshow', (event) => {
  if (event.persisted) connect();
});

const picture = document.getElementById('picture');
// So far behind what came the picture is shown a little faster.
const BEHIND_S = 3;

function closePicture() {
  const video = picture.querySelector('video');
  if (video === null) return;
  // The connection ends with it.
  video.removeAttribute('src');
  video.load();
  picture.replaceChildren();
}

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}

function watch(address) {
  closePicture();
  const video = element('video', { src: address, controls: true, autoplay: true, muted: true, playsInline: true });
  video.setAttribute('aria-label', 'The received picture');
  const note = element('p', { className: 'note', role: 'status', textContent: 'The picture begins with its next key picture.' });
  const close = element('button', { type: 'button', textContent: 'Close the picture' });
  close.addEventListener('click', () => {
    closePicture();
    document.querySelector('[data-watch]')?.focus();
  });
  video.addEventListener('playing', () => (note.textContent = ''));
  video.addEventListener('ended', () => (note.textContent = 'The picture has ended.'));
  video.addEventListener('error', async () => {
    if (!video.isConnected || video.getAttribute('src') === null) return;
    note.textContent = 'The picture cannot be shown.';
    const answer = await fetch(address, { method: 'HEAD' }).catch(() => null);
    if (answer?.status === 503) note.textContent = 'Another page is watching a picture: one at a time.';
  });
  video.addEventListener('timeupdate', () => {
    const { buffered } = video;
    if (buffered.length === 0) return;
    video.playbackRate = buffered.end(buffered.length - 1) - video.currentTime > BEHIND_S ? 1.1 : 1;
  });
  picture.replaceChildren(video, close, note);
  close.focus();
}

function goTo(address, focus) {
  closePicture();
  history.pushState(null, '', address);
  focusWanted = focus;
  connect();
}
addEventListener('popstate', () => {
  closePicture();
  connect();
});

const heading = () => document.querySelector('#streams h2, #conditions h2') ?? document.getElementById('main');

document.addEventListener('click', (event) => {
  const wanted = event.target.closest?.('[data-watch]');
  if (wanted) {
    watch(wanted.dataset.watch);
    return;
  }
  const to = event.target.closest?.('a[href^="?"]');
  if (to === null || to === undefined || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const isHeading = to.closest('thead') !== null;
  const left = new URLSearchParams(location.search).get('stream');
  const place = to.closest('th')?.cellIndex;
  goTo(to.getAttribute('href'), () => {
    if (isHeading) return document.querySelector('table.live thead').rows[0].cells[place]?.querySelector('a');
    const row = left === null ? null : document.getElementById('s:' + left);
    return row?.querySelector('a') ?? heading();
  });
});

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'Escape') {
    const close = picture.querySelector('button');
    if (close !== null) {
      close.click();
      return;
    }
    const up = document.querySelector('a[rel=up]');
    if (up !== null) up.click();
    return;
  }
  const row = document.activeElement?.closest?.('table.live tbody tr');
  if (!row) return;
  const rows = [...row.parentElement.rows];
  const at = rows.indexOf(row);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  const wanted = to === undefined ? null : rows[to]?.querySelector('a');
  if (!wanted) return;
  event.preventDefault();
  wanted.focus();
});

connect();
`;
