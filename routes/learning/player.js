// The player shows what the server counts: it sends a beat every so many seconds and draws the answer. Nothing is
// reckoned here, no right answer is here, and whatever this script says, the server's clock decides.
"use strict";

const place = document.getElementById("lesson");
const video = document.getElementById("video");
const lesson = Number(place.dataset.lesson);
const preview = "preview" in place.dataset;
const at = (name) => document.getElementById(name);
const spell = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

let token = null; // of this open player; null while another one counts
let furthest = 0; // second of the video up to which it may be moved
let timer = null;
let every = 30;
let noSeeking = true;
let finished = false;
let asking = false;
const AHEAD = 3; // seconds that a video may be ahead of what the server has heard of

async function send(asked) {
  const answer = await fetch("/learn/deed", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(asked),
  });
  const told = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(told.words), { told, status: answer.status });
  return told;
}

function free() {
  return finished || !noSeeking;
}

function say(words) {
  if (at("said").textContent !== words) at("said").textContent = words;
}

function draw(told) {
  at("bar").max = told.needed;
  at("bar").value = told.seconds;
  at("time").textContent = told.finished
    ? `本节已学完（${spell(told.needed)}）`
    : `已计时 ${spell(told.seconds)}，共需 ${spell(told.needed)}`;
  finished = told.finished;
  furthest = free() ? Infinity : Math.max(told.reached, Math.min(furthest, told.reached + AHEAD));
  if (video) {
    video.controlsList.toggle("noplaybackrate", !free());
    video.disablePictureInPicture = !free();
  }
  if (told.courseFinished && told.finished) say("全部课节已学完。");
  else say(told.words);
  const next = at("next");
  if (told.finished && told.following) {
    next.href = `/learn/${told.following}`;
    next.hidden = false;
  } else if (told.courseFinished) {
    next.href = "/learn";
    next.textContent = "查看考试和学时";
    next.hidden = false;
  }
  if (told.ended) stop();
  at("here").hidden = !told.ended;
  if (told.question) ask(told.question);
}

function stop() {
  token = null;
  clearInterval(timer);
  if (video) video.pause();
  asking = false; // nothing is answered here any more
  at("ask").close();
}

function where() {
  if (video) return Math.floor(video.currentTime);
  const rest = document.documentElement.scrollHeight - innerHeight;
  return rest > 0 ? Math.min(1000, Math.round((scrollY / rest) * 1000)) : 1000;
}

async function beat() {
  if (!token) return;
  try {
    const told = await send({
      do: "beat",
      token,
      place: where(),
      hidden: document.hidden,
      ended: Boolean(video && video.ended),
    });
    draw(told);
    if (video && video.currentTime > furthest + 1) video.currentTime = furthest;
  } catch (error) {
    if (error.status === 401) {
      stop();
      say(error.message);
      at("here").hidden = true;
      at("next").href = "/";
      at("next").textContent = "重新登录";
      at("next").hidden = false;
    } else if (error.status === 409) {
      stop();
      say(error.message);
      at("here").hidden = false;
    } else {
      say("暂时没有连上系统，正在重试；已记的时间不会丢失。");
    }
  }
}

async function open() {
  try {
    const told = await send({ do: "open", lesson });
    token = told.token;
    every = told.beat;
    noSeeking = told.noSeeking;
    draw(told);
    if (video && told.place) video.currentTime = told.place;
    if (!video && told.place && !told.finished) {
      scrollTo(0, (told.place / 1000) * (document.documentElement.scrollHeight - innerHeight));
    }
    clearInterval(timer);
    timer = setInterval(beat, every * 1000);
  } catch (error) {
    at("time").textContent = error.told ? error.message : "没有连上系统，请检查网络后刷新本页。";
  }
}

function ask(question) {
  if (asking) return;
  asking = true;
  if (video) {
    video.pause();
    if (document.fullscreenElement) document.exitFullscreen(); // it would hide the question
    else if (video.webkitDisplayingFullscreen) video.webkitExitFullscreen();
  }
  at("stem").textContent = question.stem;
  at("options").replaceChildren(
    ...question.options.map((words, number) => {
      const label = document.createElement("label");
      const input = document.createElement("input");
      input.type = "radio";
      input.name = "chosen";
      input.value = number;
      input.required = true;
      label.append(input, words);
      return label;
    }),
  );
  if (at("ask").open) at("options").querySelector("input").focus(); // the option that had it is gone
  else at("ask").showModal();
}

async function answered(event) {
  event.preventDefault();
  const chosen = new FormData(event.target).get("chosen");
  if (chosen === null || !token) return;
  try {
    const told = await send({ do: "answer", token, chosen: Number(chosen) });
    asking = false;
    at("wrong").textContent = told.right ? "" : told.words;
    if (told.right) {
      at("ask").close();
      if (video && video.paused && !video.ended && !document.hidden) video.play().catch(() => {});
    }
    draw({ ...told, words: told.right ? told.words : "" });
  } catch (error) {
    at("wrong").textContent = error.told ? error.message : "没有连上系统，请再试一次。";
  }
}

if (!preview) {
  at("ask").addEventListener("cancel", (event) => event.preventDefault());
  at("ask").addEventListener("close", () => {
    if (asking) at("ask").showModal(); // a second Escape closes it whatever is said to the first
  });
  at("ask").querySelector("form").addEventListener("submit", answered);
  at("here").addEventListener("click", () => {
    at("here").hidden = true;
    open();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && video) video.pause();
    beat();
  });
  addEventListener("pagehide", () => {
    if (!token) return;
    const last = { do: "beat", token, place: where(), hidden: document.hidden, leaving: true };
    navigator.sendBeacon("/learn/deed", new Blob([JSON.stringify(last)], { type: "application/json" }));
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) open();
  });
  if (video) {
    let seen = 0;
    video.addEventListener("timeupdate", () => {
      const step = video.currentTime - seen;
      if (!video.seeking && step > 0 && step < 2) furthest = Math.max(furthest, video.currentTime);
      seen = video.currentTime;
      if (!free()) video.loop = false; // the browser's own menu has it; begun again, the clock would stand still
    });
    video.addEventListener("seeking", () => {
      if (video.currentTime > furthest + 0.5) {
        video.currentTime = furthest;
        say("第一次学习不能快进。");
      }
      seen = video.currentTime;
    });
    video.addEventListener("ratechange", () => {
      if (free() || video.playbackRate <= 1) return;
      video.playbackRate = 1;
      say("第一次学习按原速播放。");
    });
    video.addEventListener("ended", beat);
    video.addEventListener("pause", beat);
    video.addEventListener("error", () => say("视频没有打开，请检查网络后刷新本页；仍打不开的，请告知课程的组织单位。"));
  }
  open();
}
