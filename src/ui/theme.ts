import { Chalk } from 'chalk';

/** Colours by role; nobody else names a colour. */
export interface Theme {
  readonly action: (text: string) => string;
  readonly waiting: (text: string) => string;
  readonly success: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly failure: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly strong: (text: string) => string;
}

/** Whether to colour a stream: never without a TTY, unless FORCE_COLOR asks; never with NO_COLOR or --no-color. */
export const wantsColor = (
  isTty: boolean,
  env: Readonly<Record<string, string | undefined>>,
  flag: boolean | undefined,
): boolean => {
  if (flag === false || (env.NO_COLOR ?? '') !== '') return false;
  if ((env.FORCE_COLOR ?? '') !== '') return env.FORCE_COLOR !== '0';
  return isTty && env.TERM !== 'dumb';
};

export const createTheme = (color: boolean): Theme => {
  const chalk = new Chalk({ level: color ? 1 : 0 });
  return {
    action: chalk.cyan,
    waiting: chalk.blue,
    success: chalk.green,
    warning: chalk.yellow,
    failure: chalk.red,
    dim: chalk.dim,
    strong: chalk.bold,
  };
};
