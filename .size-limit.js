import { firstRouteScripts } from './scripts/gate/first-route.ts';

/** What an app that uses Lockstep has anyway. */
const present = ['@reduxjs/toolkit', 'react', 'react-redux'];
const built = 'packages/lockstep/dist';

/** The size budgets, in gzip. A budget is raised by a decision record, not in passing. */
export default [
  {
    name: 'lockstep, the whole client library, beyond Redux Toolkit and React',
    path: `${built}/index.js`,
    import: { [`${built}/index.js`]: '*', [`${built}/react/index.js`]: '*' },
    ignore: present,
    gzip: true,
    limit: '25 kB',
  },
  {
    name: 'lockstep, core without live and outbox',
    path: `${built}/core/index.js`,
    import: Object.fromEntries(
      ['core', 'collections', 'pending', 'queries'].map((module) => [`${built}/${module}/index.js`, '*']),
    ),
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
