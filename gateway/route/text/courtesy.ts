/** Greetings, "please", "answer this question:" and thanks: with them or without, the work is the same. */
const OPENING =
  /^(?:(?:hi|hello|hey|hallo|bonjour|salut|hola|ciao)\b[,.!]*\s+)?(?:(?:please|pls|bitte|por favor|s'il (?:te|vous) plaît)\b[,:]?\s+)?(?:answer (?:this|the following)(?: question)?\s*:\s*)?/i;
const CLOSING =
  /\s+(?:thanks|thank you|thx|cheers|danke|vielen dank|merci|gracias|grazie|obrigad[oa])\b[^\n.!?]{0,20}[.!\s]*$/i;
const REACH = 80;
/** Less than this is not a request with courtesy around it; the courtesy is the message. */
const LEAST = 16;

/** @param text short already. */
export function withoutCourtesy(text: string): string {
  const trimmed = text.trim();
  const from = OPENING.exec(trimmed)?.[0].length ?? 0;
  const start = Math.max(0, trimmed.length - REACH);
  const closing = CLOSING.exec(trimmed.slice(start));
  const to = closing === null ? trimmed.length : start + closing.index;
  return to - from < LEAST ? trimmed : trimmed.slice(from, to);
}
