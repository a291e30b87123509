// oxlint-disable-next-line import/no-unassigned-import -- styles have nothing to assign
import './ui/styles.ts';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { loadAhead } from './app/pages.tsx';
import { createStore } from './app/store.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('Expected an element with the id "root" in index.html.');

loadAhead(window.location.pathname);
createRoot(root).render(
  <StrictMode>
    <App store={createStore()} />
  </StrictMode>,
);
