import { Menu } from '@mantine/core';
import classes from './filter-menu.module.css';
import { IconChevronDown } from './icons.ts';

interface FilterOption<Value extends string> {
  readonly value: Value;
  readonly label: string;
  /** Stands at the end of the option: how many it would leave. */
  readonly hint?: string;
}

interface FilterMenuProps<Value extends string> {
  readonly label: string;
  /** What the option for "no filter" is called. */
  readonly anyLabel: string;
  readonly value: Value | undefined;
  readonly options: readonly FilterOption<Value>[];
  readonly onChange: (value: Value | undefined) => void;
}

/** Stands for "no filter" in the menu; no option's value is empty. */
const ANY = '';

/** One filter: a button that says what is chosen, and a menu of which one option holds. */
export function FilterMenu<Value extends string>(props: FilterMenuProps<Value>) {
  const chosen = props.options.find((option) => option.value === props.value);
  return (
    <Menu position="bottom-start" offset={4} width="target" classNames={{ dropdown: classes.dropdown ?? '' }}>
      <Menu.Target>
        <button type="button" className={classes.button} data-chosen={chosen !== undefined || undefined}>
          <span>{props.label}</span>
          {chosen !== undefined && <span className={classes.value}>{chosen.label}</span>}
          <IconChevronDown size={14} stroke={2} aria-hidden="true" />
        </button>
      </Menu.Target>
      <Menu.Dropdown aria-label={props.label}>
        <Menu.RadioGroup
          value={chosen?.value ?? ANY}
          onChange={(value) => props.onChange(props.options.find((option) => option.value === value)?.value)}
        >
          <Menu.RadioItem value={ANY} closeMenuOnClick>
            {props.anyLabel}
          </Menu.RadioItem>
          {props.options.map(({ value, label, hint }) => (
            <Menu.RadioItem
              key={value}
              value={value}
              closeMenuOnClick
              rightSection={hint !== undefined && <span className={classes.hint}>{hint}</span>}
            >
              {label}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  );
}
