// One phone: whose it is, the chat, the input, the drawer with photos, places and codes, the menu.
import { drawn, face } from "./bubbles.js";
import { ask, clockText, make, safeUrl, toast } from "./talk.js";

const TRY = {
  resident: ["3栋2单元楼道灯坏了", "微基金还剩好多钱", "我和老伴报名重阳宴", "📷lamp", "屋里一股臭鸡蛋味", "查进度", "最近有什么活动", "转人工"],
  worker: ["待办", "受理", "到场", "📷lamp", "上报 需要换灯具，联系物业", "办结 已换新灯，测试正常", "📷fixed", "反馈 已电话告知居民", "退回 不属于本网格"],
};

export class Phone {
  constructor(section, role, shared) {
    this.section = section;
    this.role = role;
    this.shared = shared; // {state, copies()}
    this.user = localStorage.getItem(`sim-${role}`) || "";
    this.unread = {};
    this.waiting = 0;
    section.append(document.getElementById("phone").content.cloneNode(true));
    this.part = (name) => section.querySelector(name);
    this.input = this.part(".field input");
    this.part(".say").addEventListener("submit", (event) => {
      event.preventDefault();
      this.speak();
    });
    this.part(".voice").addEventListener("click", () => this.toggleVoice());
    this.part(".more").addEventListener("click", () => this.toggleDrawer());
    this.part(".follow").addEventListener("click", () => this.event(this.person.subscribed ? { event: "unsubscribe" } : { event: "subscribe" }));
    if (role === "worker") this.part(".voice").hidden = true; // 企业微信 does not turn speech into text for applications
    for (const words of TRY[role]) {
      const photo = words.startsWith("📷") ? words.slice(2) : "";
      const given = photo ? { type: "image", content: photo } : { type: "text", content: words };
      const label = photo ? `📷 ${shared.state.photos[photo]}` : words;
      this.part(".try").append(make("button", { type: "button", onclick: () => this.say(given) }, label));
    }
    this.toggleVoice(false);
  }

  get people() { return this.shared.state.users.filter((one) => one.role === this.role); }
  get person() { return this.people.find((one) => one.id === this.user) || this.people[0]; }
  get account() {
    const kind = this.role === "worker" ? "企业微信" : "公众号";
    return this.shared.state.accounts.find((one) => one.kind === kind);
  }

  // Everything anew, after the state was loaded.
  draw() {
    if (!this.person || !this.account) {
      this.part(".chat").replaceChildren(make("p", { class: "tip" }, this.role === "worker" ? "配置里没有企业微信账号，或没有网格员。" : "配置里没有公众号账号。"));
      return;
    }
    this.user = this.person.id;
    delete this.unread[this.user];
    this.drawHead();
    const chat = this.part(".chat");
    chat.replaceChildren();
    this.lastAt = 0;
    for (const bubble of this.shared.state.bubbles) if (this.shows(bubble)) this.put(bubble);
    if (!chat.childElementCount) chat.append(make("p", { class: "tip" }, this.role === "worker" ? "有新报事会推送到这里。回复「受理」「到场」就能办。" : "点下面的例句，或者自己写一句。"));
    chat.scrollTop = chat.scrollHeight;
  }

  drawHead() {
    if (!this.person || !this.account) return;
    const buttons = this.people.map((one) => {
      const count = this.unread[one.id];
      const badge = count ? make("span", { class: "badge" }, String(count), make("span", { class: "sr" }, "条新消息")) : null;
      return make("button", { type: "button", class: "person", "aria-pressed": String(one.id === this.user), title: one.note, onclick: () => this.become(one.id) }, face(one.name, one.id), one.name, badge);
    });
    this.part(".people").replaceChildren(...buttons);
    this.part(".title").textContent = this.role === "worker" ? "邻里工作台" : this.shared.state.title;
    this.part(".sub").textContent = this.waiting ? "等服务回答…" : `${this.person.name} · ${this.person.note || (this.role === "worker" ? "企业微信" : "居民")}`;
    const follow = this.part(".follow");
    follow.hidden = this.role === "worker";
    follow.textContent = this.person.subscribed ? "取消关注" : "关注";
    follow.classList.toggle("off", !this.person.subscribed);
    this.drawMenu();
  }

  drawMenu() {
    const buttons = this.role === "worker" || !this.person.subscribed ? [] : this.shared.state.menus[this.account.code] || [];
    const shown = JSON.stringify(buttons);
    if (shown === this.menuShown) return;
    this.menuShown = shown;
    const one = (button) => make("button", { type: "button", onclick: () => this.menu(button) }, button.name);
    const columns = buttons.map((button) => {
      if (!button.sub_button?.length) return make("div", {}, one(button));
      const below = make("div", { class: "below", hidden: true }, ...button.sub_button.map(one));
      const head = make("button", { type: "button", "aria-expanded": "false" }, `☰ ${button.name}`);
      head.addEventListener("click", () => {
        below.hidden = !below.hidden;
        head.setAttribute("aria-expanded", String(!below.hidden));
      });
      return make("div", {}, below, head);
    });
    this.part(".menu").replaceChildren(...columns);
  }

  shows(bubble) { return bubble.user === this.user && bubble.account === this.account?.code; }

  put(bubble) {
    const chat = this.part(".chat");
    const old = chat.querySelector(`[data-id="${bubble.id}"]`);
    const node = drawn(bubble, this.person, this.account, {
      pick: (content) => this.say({ type: "text", content }),
      press: (card, key) => this.event({ event: "card", bubble: card.id, key }),
    });
    if (old) return old.replaceWith(node);
    if (bubble.at - this.lastAt > 240) chat.append(make("p", { class: "when" }, clockText(bubble.at, true)));
    this.lastAt = bubble.at;
    chat.append(node);
  }

  arrived(bubble) {
    const owner = this.people.find((one) => one.id === bubble.user);
    if (!owner || bubble.account !== this.account?.code) return;
    if (!this.shows(bubble)) {
      if (bubble.side === "bot") this.unread[bubble.user] = (this.unread[bubble.user] || 0) + 1;
      this.drawHead();
      return;
    }
    const chat = this.part(".chat");
    if (!chat.querySelector(".row") && !this.shared.state.bubbles.some((one) => one.id !== bubble.id && this.shows(one))) chat.replaceChildren();
    this.put(bubble);
    chat.scrollTop = chat.scrollHeight;
    for (const image of chat.querySelectorAll("img")) image.addEventListener("load", () => (chat.scrollTop = chat.scrollHeight), { once: true });
  }

  become(id) {
    this.user = id;
    localStorage.setItem(`sim-${this.role}`, id);
    this.draw();
  }

  speak() {
    const content = this.input.value.trim();
    if (!content) return this.input.focus();
    this.input.value = "";
    this.say({ type: this.voice ? "voice" : "text", content });
  }

  async wait(path, given) {
    this.waiting += 1;
    this.drawHead();
    await ask(path, { account: this.account.code, user: this.user, ...given });
    this.waiting -= 1;
    this.drawHead();
  }

  say(given) { return this.wait("/sim/say", { ...given, copies: this.shared.copies() }); }
  event(given) { return this.wait("/sim/event", given); }

  menu(button) {
    for (const below of this.section.querySelectorAll(".below")) below.hidden = true;
    if (button.type === "view") {
      this.event({ event: "VIEW", key: button.url });
      if (safeUrl(button.url)) window.open(button.url, "_blank", "noopener");
    } else this.event({ event: "click", key: button.key, name: button.name });
  }

  toggleVoice(on = !this.voice) {
    this.voice = on;
    this.part(".voice").setAttribute("aria-pressed", String(on));
    this.input.placeholder = on ? "写下要说的话，按语音发出" : "说点什么";
  }

  toggleDrawer(open = this.part(".drawer").hidden) {
    this.part(".more").setAttribute("aria-expanded", String(open));
    const drawer = this.part(".drawer");
    drawer.hidden = !open;
    requestAnimationFrame(() => (this.part(".chat").scrollTop = this.part(".chat").scrollHeight));
    if (!open) return;
    const done = (act) => () => {
      this.toggleDrawer(false);
      act();
    };
    const photos = Object.entries(this.shared.state.photos).map(([name, label]) =>
      make("button", { type: "button", onclick: done(() => this.say({ type: "image", content: name })) }, make("img", { src: `/static/photos/${name}.jpg`, alt: "" }), label));
    const file = make("input", { type: "file", accept: "image/jpeg,image/png", class: "sr" });
    file.addEventListener("change", () => this.photo(file.files[0]));
    const places = this.shared.state.places.map((place) => make("button", { type: "button", onclick: done(() => this.say({ type: "location", ...place })) }, `📍 ${place.name}`));
    drawer.replaceChildren(make("h3", {}, "发照片"), make("div", { class: "photos" }, ...photos), make("label", { class: "file" }, file, "从相册选一张…"), make("h3", {}, "发位置"), make("div", { class: "chips" }, ...places));
    if (this.role === "worker") return;
    const scenes = [...new Set([...this.shared.state.codes.filter((code) => code.account === this.account.code).map((code) => code.scene), "3栋门口", "网格W02"])];
    const scan = (scene) => done(() => this.event({ event: "scan", scene }));
    const field = make("input", { type: "text", "aria-label": "二维码场景值", placeholder: "其他场景值", maxlength: "64" });
    const form = make("form", {}, field, make("button", {}, "扫码"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (field.value.trim()) scan(field.value.trim())();
    });
    drawer.append(make("h3", {}, "扫二维码"), make("div", { class: "chips" }, ...scenes.map((scene) => make("button", { type: "button", onclick: scan(scene) }, `▦ ${scene}`))), form);
  }

  async photo(file) {
    if (!file) return;
    this.toggleDrawer(false);
    const answer = await fetch("/sim/media", { method: "POST", body: file }).catch(() => null);
    const told = answer ? await answer.json() : { error: "模拟器没有回答。" };
    if (told.media_id) this.say({ type: "image", content: told.media_id });
    else toast(told.error);
  }
}
