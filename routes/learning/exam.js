// The exam page: each answer is sent as it is given, kept here until the server has it, and sent again until it has.
// Nothing in here knows what is right. Words stand in the page; the clock is the server's, this one only shows it.
(() => {
  const paper = document.querySelector("[data-paper]");
  const id = paper.dataset.paper, kept = `exam-${id}`;
  const said = document.querySelector(".saved"), clock = document.querySelector(".clock");
  const answered = document.querySelector("#answered"), alarm = document.querySelector("#alarm");
  // Both clocks are of the moment at which the server answered: a slow page must not put them back.
  const came = performance.getEntriesByType("navigation")[0]?.responseStart ?? performance.now();
  const ends = came + Number(paper.dataset.seconds) * 1000;
  const ahead = Math.round(Number(paper.dataset.now) - performance.timeOrigin - came); // of the server's clock to this one
  const dialog = document.querySelector("dialog");
  const places = [...paper.querySelectorAll("fieldset[data-place]")];
  let sequence = Number(paper.dataset.sequence), sending = false, tries = 0, ended = false, over = false, timer;
  const late = []; // places whose answer came once the server took no more
  const AWAY = "时间已到，网络不通，还没有交卷。作答留在本窗口，网络恢复后自动送交，请不要关闭或刷新本页。";
  let waiting = {};
  try { waiting = JSON.parse(localStorage.getItem(kept)) || {}; } catch { waiting = {}; }

  const inputs = (field) => [...field.querySelectorAll("input")];
  const bits = (field) => inputs(field).reduce((sum, each, at) => sum + (each.checked ? 2 ** at : 0), 0);
  const keep = () => { try { localStorage.setItem(kept, JSON.stringify(waiting)); } catch { /* full, or forbidden */ } };
  const tell = (words, bad) => { said.textContent = words; said.classList.toggle("waiting", Boolean(bad)); };

  function count() {
    let done = 0;
    for (const field of places) {
      const has = inputs(field).some((each) => each.checked);
      done += has;
      document.querySelector(`a[href="#q${field.dataset.place}"]`).classList.toggle("done", has);
    }
    answered.textContent = `已答${done}/${places.length}题`;
    return done;
  }

  // What this browser still has and the server has not: shown, and sent again.
  for (const [place, each] of Object.entries(waiting)) {
    const field = places.find((one) => one.dataset.place === place);
    if (!field || each.sequence <= Number(field.dataset.sequence)) { delete waiting[place]; continue; }
    inputs(field).forEach((input, at) => { input.checked = Boolean(Math.floor(each.chosen / 2 ** at) % 2); });
    sequence = Math.max(sequence, each.sequence);
  }

  // As the server has it: what another device answered since. What still waits here is left alone.
  async function refreshed() {
    if (over) return;
    const answer = await fetch(location.href);
    const there = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!there.querySelector("[data-paper]")) {
      if (!over && !late.length && !Object.keys(waiting).length) shown(); // what waits is told of before the page goes
      return;
    }
    for (const field of places) {
      if (waiting[field.dataset.place]) continue;
      const theirs = inputs(there.querySelector(`fieldset[data-place="${field.dataset.place}"]`));
      inputs(field).forEach((input, at) => { input.checked = theirs[at].hasAttribute("checked"); });
    }
    count();
  }

  async function send() {
    if (sending || over) return;
    sending = true;
    let elsewhere = "";
    clearTimeout(timer);
    try {
      for (let next; (next = Object.entries(waiting)[0]);) {
        const [place, each] = next;
        tell("正在保存…");
        const answer = await fetch(`/learn/paper/${id}/answers`, {
          method: "POST", headers: { "Content-Type": "application/json" }, signal: AbortSignal.timeout(15000),
          body: JSON.stringify({ place: Number(place), chosen: each.chosen, sequence: each.sequence }),
        });
        if (answer.status === 409) {
          close();
          late.push(place);
          delete waiting[place];
          keep();
          continue;
        }
        if (answer.status === 412) {
          elsewhere = `${(await answer.json()).words}，已按那一处显示`;
          if (waiting[place].sequence === each.sequence) delete waiting[place];
          keep();
          continue;
        }
        if (answer.status === 401) { tell((await answer.json()).words, true); tries = 5; throw new Error("401"); }
        if (answer.status === 404) { tell((await answer.json()).words, true); delete waiting[place]; keep(); continue; }
        if (!answer.ok) throw new Error(String(answer.status));
        tries = 0;
        if (waiting[place]?.sequence === each.sequence) delete waiting[place];
        keep();
      }
      if (late.length) { tooLate(); return; }
      if (ended) { tell("时间已到，正在交卷…"); await given(); return; }
      if (elsewhere) await refreshed();
      tell(elsewhere || "作答已保存", elsewhere);
    } catch (error) {
      tries += 1;
      if (error.message !== "401") tell(ended ? AWAY : "网络不通，作答记在本机，正在重试", true);
      timer = setTimeout(send, Math.min(15000, 500 * 2 ** tries));
    } finally {
      sending = false;
    }
    if (!over && tries === 0 && Object.keys(waiting).length) send();
  }

  // Hands the paper in without leaving this page, which only goes once the server has it.
  async function given() {
    const answer = await fetch(location.href, { method: "POST", signal: AbortSignal.timeout(15000) });
    if (answer.status >= 500 || answer.status === 429) throw new Error(String(answer.status));
    over = true;
    forget();
    shown();
  }

  // The result in the place of this page, from its top: a reload by itself would keep how far down one had read.
  function shown() {
    history.scrollRestoration = "manual";
    scrollTo(0, 0);
    location.reload();
  }

  // The server takes no more answers: which came too late is said here, before the page goes on to the result.
  function tooLate() {
    over = true;
    forget();
    tell(`第${late.join("、")}题的作答送到时，考试时间已到或已经交卷，没有计入；考试结果中有说明。`, true);
    form.querySelector("button").hidden = true;
    clock.hidden = true;
    document.querySelector("#result").hidden = false;
    document.querySelector("#result").focus(); // what was focused takes no answer any more
  }

  function close() {
    dialog.close();
    for (const input of paper.querySelectorAll("input")) input.disabled = true;
  }

  function forget() { try { localStorage.removeItem(kept); } catch { /* forbidden */ } }

  paper.addEventListener("change", (event) => {
    const field = event.target.closest("fieldset[data-place]");
    if (!field) return;
    sequence = Math.max(sequence + 1, Date.now() + ahead); // by the clock: on two devices the later answer stands
    waiting[field.dataset.place] = { chosen: bits(field), sequence };
    keep();
    count();
    send();
  });
  addEventListener("online", send);
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { tick(); send().then(refreshed).catch(() => {}); } });

  const form = document.querySelector("#hand-in");
  async function handIn() {
    await send();
    for (let wait = 0; Object.keys(waiting).length && wait < 20; wait += 1) {
      await new Promise((done) => setTimeout(done, 250));
      if (!sending) await send();
    }
    if (over) return;
    if (Object.keys(waiting).length) { tell("还有作答没有保存到服务器，请连上网络后再交卷", true); return; }
    try { await given(); } catch { tell("网络不通，还没有交卷，请连上网络后再交卷", true); }
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const left = places.length - count();
    document.querySelector("#left").textContent = left ? `还有${left}题没有作答。` : "各题都已作答。";
    dialog.showModal();
  });
  document.querySelector("#sure").addEventListener("click", () => { dialog.close(); handIn(); });
  document.querySelector("#back").addEventListener("click", () => dialog.close());

  let warned = Infinity;
  function tick() {
    const left = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
    const minutes = Math.floor(left / 60), seconds = String(left % 60).padStart(2, "0");
    clock.textContent = `剩余${minutes}:${seconds}`;
    clock.classList.toggle("soon", left <= 300);
    for (const mark of [60, 300, 600]) {
      if (left <= mark && warned > mark) { if (warned !== Infinity || left > 0) alarm.textContent = `还剩${Math.ceil(left / 60)}分钟`; warned = mark; break; }
    }
    if (left === 0 && !ended && !over) {
      ended = true;
      close();
      form.querySelector("button").hidden = true;
      send(); // and again until the server has what waits here, however long that takes; it decides what still counts
    }
  }

  count();
  tick();
  setInterval(tick, 1000);
  send();
})();
