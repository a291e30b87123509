import { firstRouteScripts } from './scripts/gate/first-route.ts';
import { entryOf } from './scripts/gate/size-entry.ts';

/** What an app that uses Lockstep has anyway. */
const present = ['@reduxjs/toolkit', 'react', 'react-redux'];

/** The size budgets, in gzip. A budget is raised by a decision record, not in passing. */
export default [
  {
    name: 'lockstep, the whole client library, beyond Redux Toolkit and React',
    path: entryOf('whole', ['.', 'react']),
    ignore: present,
    gzip: true,
    limit: '25 kB',
  },
  {
    name: 'lockstep, core without live and outbox',
    path: entryOf('core', ['core', 'collections', 'pending', 'queries']),
    ignore: present,
    gzip: true,
    limit: '10 kB',
  },
  {
    name: "the web app's first route, JavaScript",
    path: firstRouteScripts(),
    disablePlugins: ['@size-limit/esbuild'],
    gzip: true,
    limit: '220 kB',
  },
];
