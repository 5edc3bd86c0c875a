// What the page asks of the simulator, and the small helpers every part uses.

export async function ask(path, given = {}) {
  let answer;
  try {
    answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(given) });
  } catch {
    toast("模拟器没有回答，请看看它是否还开着。");
    return null;
  }
  const told = await answer.json().catch(() => ({ error: `模拟器出错（HTTP ${answer.status}）` }));
  if (!answer.ok) {
    toast(told.error || "没有成功，请再试一次。");
    return null;
  }
  return told;
}

let hiding = 0;
export function toast(text, seconds = 5) {
  const box = document.getElementById("toast");
  box.textContent = text;
  box.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => (box.hidden = true), seconds * 1000);
}

// make("p", {class: "x"}, "text", child): words are always text, never markup.
export function make(name, given = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

export function svg(paths, box = "0 0 24 24") {
  const space = "http://www.w3.org/2000/svg";
  const node = document.createElementNS(space, "svg");
  node.setAttribute("viewBox", box);
  node.setAttribute("aria-hidden", "true");
  for (const [name, given] of paths) {
    const part = document.createElementNS(space, name);
    for (const [key, value] of Object.entries(given)) part.setAttribute(key, value);
    node.append(part);
  }
  return node;
}

export const safeUrl = (url) => (/^https?:\/\//.test(url) ? url : "");

// The community's time, wherever the browser stands.
const zone = { timeZone: "Asia/Shanghai", hourCycle: "h23" };
const TIME = new Intl.DateTimeFormat("zh-CN", { ...zone, hour: "2-digit", minute: "2-digit" });
const SECONDS = new Intl.DateTimeFormat("zh-CN", { ...zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("zh-CN", { ...zone, month: "long", day: "numeric" });

export const clockText = (seconds, withDay = false) => `${withDay ? `${DAY.format(seconds * 1000)} ` : ""}${TIME.format(seconds * 1000)}`;
export const secondsText = (seconds) => SECONDS.format(seconds * 1000);
