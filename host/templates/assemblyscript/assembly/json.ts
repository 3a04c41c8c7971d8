// What a setting is: JSON text, as the host writes it.

/** The text that a JSON text stands for; null where it is something else, such as a number. */
export function textOfJson(json: string): string | null {
  if (!json.startsWith('"')) return null;
  let text = "";
  for (let i = 1; i < json.length - 1; i++) {
    let code = json.charCodeAt(i);
    if (code == 0x5c) {
      code = json.charCodeAt(++i);
      if (code == 0x75) {
        code = <i32>parseInt(json.substr(i + 1, 4), 16);
        i += 4;
      } else {
        const escape = "bfnrt".indexOf(String.fromCharCode(code));
        if (escape >= 0) code = "\b\f\n\r\t".charCodeAt(escape);
      }
    }
    text += String.fromCharCode(code);
  }
  return text;
}
