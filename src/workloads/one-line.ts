/** One line of at most 300 characters: messages of kubelets can be whole logs. */
export const oneLine = (message: string): string => {
  const line = message.replace(/\s+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
};

/** `what: message`, the message as one line; just `what` where there is no message. */
export const withMessage = (what: string, message: string | undefined): string =>
  message === undefined || message === '' ? what : `${what}: ${oneLine(message)}`;

/** `what (reason): message`, with the parts that are there. */
export const withReason = (what: string, reason: string, message: string): string =>
  withMessage(reason === '' ? what : `${what} (${reason})`, message);
