import { Menu } from '@mantine/core';
import classes from './filter-menu.module.css';
import { IconCheck, IconChevronDown } from './icons.ts';

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

/** One filter: a button that says what is chosen, and a menu of which one option holds. */
export function FilterMenu<Value extends string>(props: FilterMenuProps<Value>) {
  const chosen = props.options.find((option) => option.value === props.value);
  const all: readonly { value: Value | undefined; label: string; hint?: string }[] = [
    { value: undefined, label: props.anyLabel },
    ...props.options,
  ];
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
        {all.map((option) => {
          const isChosen = option.value === props.value;
          return (
            <Menu.Item
              key={option.value ?? ''}
              role="menuitemradio"
              aria-checked={isChosen}
              leftSection={
                <IconCheck
                  size={16}
                  aria-hidden="true"
                  className={classes.mark}
                  data-shown={isChosen || undefined}
                />
              }
              rightSection={option.hint !== undefined && <span className={classes.hint}>{option.hint}</span>}
              onClick={() => props.onChange(option.value)}
            >
              {option.label}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}
