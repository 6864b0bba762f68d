'use strict';
// Puts what changed in its place, keeping open folds open and the focus where it is.
const by = (id) => document.getElementById(id);
let stream;
let ended = false;

function put(name, html) {
  const place = by(`live-${name}`);
  if (!place) return;
  const open = [...place.querySelectorAll('details[open]')].map((fold) => fold.id);
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const stop = focused && (focused.id || focused.getAttribute('href'));
  place.innerHTML = html;
  open.forEach((id) => { if (by(id)) by(id).open = true; });
  if (stop) {
    const again = by(stop) || place.querySelector(`a[href="${CSS.escape(stop)}"]`);
    if (again) again.focus({ preventScroll: true });
  }
}

function show(change) {
  Object.entries(change.parts).forEach(([name, html]) => put(name, html));
  document.title = change.title;
  if (change.told) by('told').textContent = change.told;
  if (change.ended) {
    ended = true;
    by('told').textContent = `The witness has ended. ${change.stage.words}`;
    by('controls').hidden = true;
    stream.close();
  }
}

function listen() {
  stream = new EventSource('/events');
  stream.onopen = () => { by('connection').textContent = ''; };
  stream.onmessage = (event) => show(JSON.parse(event.data));
  stream.onerror = () => {
    if (!ended) by('connection').textContent = 'No connection to the witness; trying again.';
  };
}

by('controls').hidden = false;
by('pause').addEventListener('click', () => {
  const pausing = by('pause').getAttribute('aria-pressed') === 'false';
  by('pause').setAttribute('aria-pressed', String(pausing));
  if (pausing) stream.close(); else listen();
});

document.querySelectorAll('form[data-stay]').forEach((form) => {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const headers = { Accept: 'application/json' };
    const body = new URLSearchParams(new FormData(form));
    try {
      const answer = await fetch(form.action, { method: 'POST', headers, body });
      by('told').textContent = answer.ok ? (await answer.json()).done : await answer.text();
      if (answer.ok) form.reset();
    } catch {
      by('told').textContent = 'The witness did not answer.';
    }
  });
});

// A link to a test opens it.
window.addEventListener('hashchange', () => {
  const place = by(location.hash.slice(1));
  const fold = place && place.querySelector('details');
  if (fold) { fold.open = true; fold.querySelector('summary').focus(); }
});

listen();
