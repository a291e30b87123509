import { Mark } from '../ui/mark.tsx';
import classes from './splash.module.css';

/** Stands where the application will be; shows itself only when that takes long enough to notice. */
export function Splash() {
  return (
    <div className={classes.centre} role="status" aria-label="Opening the directory">
      <span className={classes.mark}>
        <Mark size={40} />
      </span>
    </div>
  );
}
