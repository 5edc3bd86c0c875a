// Puts the page together: loads the state, listens for what happens, and works the platform's switches.
import { Wire } from "./network.js";
import { Phone } from "./phone.js";
import { ask, clockText, toast } from "./talk.js";

const find = (id) => document.getElementById(id);
const shared = { state: null, copies: () => (find("copies").checked ? 3 : 1) };
const wire = new Wire(find("wire"), () => shared.state?.budget_s || 5);
let phones = [];

async function load() {
  const answer = await fetch("/sim/state", { cache: "no-store" });
  shared.state = await answer.json();
  if (!phones.length) phones = [new Phone(find("resident"), "resident", shared), new Phone(find("worker"), "worker", shared)];
  wire.clear();
  for (const exchange of shared.state.network) wire.add(exchange);
  for (const phone of phones) {
    phone.unread = {};
    phone.draw();
  }
  drawSwitches();
}

const official = () => shared.state.accounts.find((one) => one.kind === "公众号");

function drawSwitches() {
  const { state } = shared;
  find("bot-url").textContent = state.bot_url;
  const account = official();
  for (const name of ["mode", "format"]) {
    for (const radio of document.querySelectorAll(`input[name=${name}]`)) {
      radio.checked = account?.[name] === radio.value;
      radio.disabled = !account;
    }
  }
  find("faults").textContent = state.faults.length ? `等着发生的故障：${state.faults.map((one) => `${one.path} ×${one.left}`).join("，")}` : "";
  find("load").disabled = state.loading;
  find("load").textContent = state.loading ? "正在压…" : "压一压";
  drawClock();
}

function drawClock() {
  if (!shared.state) return;
  const { offset } = shared.state.clock;
  find("clock").textContent = clockText(Date.now() / 1000 + offset, offset !== 0);
  find("clock").classList.toggle("moved", offset !== 0);
}

function live(on, text) {
  find("live").className = `live ${on ? "on" : "off"}`;
  find("live-text").textContent = text;
}

function listen() {
  const source = new EventSource("/sim/events");
  const on = (kind, act) => source.addEventListener(kind, (event) => act(JSON.parse(event.data)));
  let waiting = Promise.resolve();
  // Whatever comes while the state is being loaded is taken after it; numbers keep it from standing twice.
  const reload = () => (waiting = load().catch(() => live(false, "读不到状态，稍后重试")));
  on("hello", reload);
  on("reload", reload);
  on("bubble", async (bubble) => {
    await waiting;
    const known = shared.state.bubbles.findIndex((one) => one.id === bubble.id);
    if (known >= 0) shared.state.bubbles[known] = bubble;
    else shared.state.bubbles.push(bubble);
    for (const phone of phones) {
      if (known < 0) phone.arrived(bubble);
      else if (phone.shows(bubble)) phone.put(bubble);
    }
  });
  on("exchange", async (exchange) => {
    await waiting;
    wire.add(exchange);
  });
  on("state", async (status) => {
    await waiting;
    Object.assign(shared.state, status);
    drawSwitches();
    for (const phone of phones) phone.drawHead();
  });
  on("typing", async ({ user, on: typing }) => {
    await waiting;
    for (const phone of phones) if (phone.user === user) phone.part(".sub").textContent = typing ? "对方正在输入…" : phone.person.note;
  });
  source.addEventListener("open", () => live(true, "已连接"));
  source.addEventListener("error", () => {
    live(false, "连接断了，正在重连…");
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  });
}

for (const name of ["mode", "format"]) {
  find(name).addEventListener("change", async (event) => {
    if (!(await ask("/sim/account", { account: official().code, [name]: event.target.value }))) drawSwitches();
  });
}
find("way").addEventListener("change", (event) => wire.only(event.target.value));
find("jump").addEventListener("change", async (event) => {
  const seconds = event.target.value;
  event.target.value = "";
  if (seconds !== "") await ask("/sim/clock", seconds === "0" ? { offset: 0 } : { add: Number(seconds) });
});
find("fault").addEventListener("change", async (event) => {
  const what = event.target.value;
  event.target.value = "";
  if (what === "forget") return (await ask("/sim/forget-tokens")) && toast("所有令牌都失效了：服务下一次调用会得到 40001。");
  if (what) await ask("/sim/fault", JSON.parse(what.replace("@mp", official()?.code || "mp")));
});
find("load").addEventListener("click", async () => {
  const told = await ask("/sim/load", { users: 50, rate: 40, seconds: 5 });
  if (told) toast(`发了 ${told.sent} 条：${told.answered} 条有回答，${told.silent} 条静默，${told.faults} 条故障。\n一半在 ${told.p50_ms} 毫秒内，99% 在 ${told.p99_ms} 毫秒内，最慢 ${told.max_ms} 毫秒。`, 12);
});
find("verify").addEventListener("click", async () => {
  const told = await ask("/sim/verify");
  if (told) toast(told.results.map((one) => `${one.ok ? "✓" : "✗"} ${one.account}：${one.verdict}`).join("\n"), 8);
});
find("reset").addEventListener("click", () => ask("/sim/reset"));
for (const tab of document.querySelectorAll("[role=tab]")) {
  tab.addEventListener("click", () => {
    document.querySelector(".stage").dataset.tab = tab.getAttribute("aria-controls");
    for (const other of document.querySelectorAll("[role=tab]")) other.setAttribute("aria-selected", String(other === tab));
    for (const phone of phones) phone.part(".chat").scrollTop = phone.part(".chat").scrollHeight;
  });
}
setInterval(drawClock, 5000);
listen();
