import { NavLink, Outlet } from 'react-router';
import { AccountMenu } from '../features/session/account-menu.tsx';
import { Mark } from '../ui/mark.tsx';
import { ConnectionState } from './connection-state.tsx';
import classes from './shell.module.css';

/** What stays on screen from page to page. */
export function Shell() {
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#content">
        Skip to content
      </a>
      <header className={classes.header}>
        <NavLink to="/people" className={classes.brand ?? ''} aria-label="Directory, start page">
          <Mark size={26} />
          <span className={classes.name}>Directory</span>
        </NavLink>
        <nav className={classes.nav} aria-label="Pages">
          <NavLink to="/people" className={classes.link ?? ''}>
            People
          </NavLink>
        </nav>
        <ConnectionState />
        <AccountMenu />
      </header>
      <div id="content" className={classes.content} tabIndex={-1}>
        <Outlet />
      </div>
    </div>
  );
}
