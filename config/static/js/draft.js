// What is being written survives a lost line and a closed tab. Words are kept in
// localStorage, photos in IndexedDB, each for its person and page. The form is sent with a
// key of its own, so that what arrives twice is one entry. Without JavaScript it is a form.
(function () {
  "use strict";
  var form = document.querySelector("form[data-draft]");
  if (!form || !window.fetch || !window.FormData) return;

  var PREFIX = "draft:" + form.dataset.draft + ":";
  var MONTH = 30 * 24 * 3600 * 1000;
  var LONGEST_SIDE = 2560; // a photo larger than this is made smaller before it is sent
  var params = new URLSearchParams(location.search);
  var about = ["project", "organization"].filter(function (name) { return params.get(name); })
    .map(function (name) { return "?" + name + "=" + params.get(name); })[0] || "";
  var address = location.pathname + about;
  var key = PREFIX + address;
  var photos = [];
  var changed = false, sending = false, waiting = false, over = false;
  var timer = null;

  // ---- What the page says ---------------------------------------------------------------
  function say(name, on) {
    var notice = form.querySelector('[data-when="' + name + '"]');
    if (notice) notice.hidden = on === false;
  }

  function quiet() {
    ["offline", "failed", "login"].forEach(function (name) { say(name, false); });
  }

  // ---- Where drafts are kept --------------------------------------------------------------
  function store(name, value) {
    try {
      if (value === null) localStorage.removeItem(name);
      else localStorage.setItem(name, JSON.stringify(value));
    } catch (_) { /* a browser that keeps nothing */ }
  }

  function stored(name) {
    try {
      return JSON.parse(localStorage.getItem(name));
    } catch (_) {
      return null;
    }
  }

  function album(mode, act) {
    return new Promise(function (done, failed) {
      var opening = indexedDB.open("groundbreak-drafts", 1);
      opening.onupgradeneeded = function () { opening.result.createObjectStore("photos"); };
      opening.onerror = function () { failed(opening.error); };
      opening.onsuccess = function () {
        var db = opening.result;
        var transaction = db.transaction("photos", mode);
        var request = act(transaction.objectStore("photos"));
        transaction.oncomplete = function () { db.close(); done(request.result); };
        transaction.onabort = transaction.onerror = function () {
          db.close();
          failed(transaction.error);
        };
      };
    });
  }

  function keepPhotos() {
    return album("readwrite", function (table) {
      return photos.length ? table.put(photos, key) : table.delete(key);
    }).then(function () { say("photos", false); }, function () { say("photos", photos.length > 0); });
  }

  function forget(name) {
    store(name, null);
    return album("readwrite", function (table) { return table.delete(name); }).catch(function () {});
  }

  // ---- The words -------------------------------------------------------------------------
  function written() {
    var pairs = [];
    new FormData(form).forEach(function (value, name) {
      if (typeof value === "string" && name !== "csrfmiddlewaretoken") pairs.push([name, value]);
    });
    return pairs;
  }

  function keep() {
    clearTimeout(timer);
    if (!changed || over) return;
    var label = form.querySelector("[data-draft-label]");
    store(key, {
      at: Date.now(),
      address: address,
      label: label ? label.textContent : "",
      pairs: written(),
    });
  }

  function keepSoon() {
    changed = true;
    clearTimeout(timer);
    timer = setTimeout(keep, 250);
  }

  function values(pairs, name) {
    return pairs.filter(function (pair) { return pair[0] === name; })
      .map(function (pair) { return pair[1]; });
  }

  function fill(pairs) {
    Array.prototype.forEach.call(form.elements, function (field) {
      if (!field.name || field.type === "file" || field.form !== form) return;
      if (field.name === "csrfmiddlewaretoken") return;
      var given = values(pairs, field.name);
      if (field.type === "radio" || field.type === "checkbox") {
        field.checked = given.indexOf(field.value) >= 0;
      } else if (given.length) {
        field.value = given[0];
      }
    });
    form.querySelectorAll("details").forEach(function (fold) {
      fold.open = fold.open || Array.prototype.some.call(
        fold.querySelectorAll("input"),
        function (field) { return field.type === "checkbox" ? field.checked : field.value; }
      );
    });
  }

  // Whom it is about may have been chosen on the page: its part is fetched anew.
  function chooseAgain(pairs) {
    var name = ["project", "organization"].filter(function (n) { return values(pairs, n).length; })[0];
    var here = name && form.querySelector('input[type="hidden"][name="' + name + '"]');
    if (!name || (here && here.value === values(pairs, name)[0])) return Promise.resolve();
    var address = form.getAttribute("action") + "?" + name + "=" + values(pairs, name)[0];
    return fetch(address, { headers: { "HX-Request": "true" } }).then(function (response) {
      if (!response.ok || response.redirected) return null;
      return response.text().then(function (text) {
        var part = new DOMParser().parseFromString(text, "text/html").getElementById("whom");
        if (!part) return;
        form.querySelector("#whom").replaceWith(part);
        if (window.htmx) window.htmx.process(part);
      });
    }).catch(function () {});
  }

  // ---- The photos ------------------------------------------------------------------------
  function show() {
    var list = form.querySelector("[data-draft-thumbs]");
    list.replaceChildren();
    photos.forEach(function (file, at) {
      var item = document.createElement("li");
      var name = document.createElement("span");
      name.className = "file-name";
      name.textContent = file.name;
      item.append(name);
      var button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-label", list.dataset.remove + " " + file.name);
      button.innerHTML = '<i class="bi bi-x-lg" aria-hidden="true"></i>';
      button.addEventListener("click", function () {
        photos.splice(at, 1);
        changed = true;
        show();
        keep();
        keepPhotos();
      });
      item.append(button);
      list.append(item);
      picture(file, 176).then(function (canvas) {
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", file.name);
        name.replaceWith(canvas);
      }, function () { /* no picture that this browser can show: its name stays */ });
    });
  }

  function picture(file, side) {
    return createImageBitmap(file).then(function (image) {
      var scale = Math.min(1, side / Math.max(image.width, image.height));
      var canvas = document.createElement("canvas");
      canvas.width = Math.max(1, Math.round(image.width * scale));
      canvas.height = Math.max(1, Math.round(image.height * scale));
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      image.close();
      return canvas;
    });
  }

  function smaller(file) {
    if (file.size < 1500000 || !window.createImageBitmap) return Promise.resolve(file);
    return picture(file, LONGEST_SIDE).then(function (canvas) {
      return new Promise(function (done) { canvas.toBlob(done, "image/jpeg", 0.85); });
    }).then(function (blob) {
      if (!blob || blob.size >= file.size) return file;
      return new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
    }, function () { return file; });
  }

  form.addEventListener("change", function (event) {
    if (event.target.type !== "file") return;
    var chosen = Array.prototype.slice.call(event.target.files);
    event.target.value = "";
    Promise.all(chosen.map(smaller)).then(function (files) {
      photos = photos.concat(files).slice(0, Number(form.dataset.draftMost));
      show();
      changed = true;
      keep();
      keepPhotos();
    });
  });

  // ---- Sending ---------------------------------------------------------------------------
  function send() {
    if (sending || over) return;
    sending = true;
    changed = true;
    keep();
    quiet();
    var button = form.querySelector("[data-draft-send]");
    var word = button.textContent;
    button.textContent = button.dataset.sending;
    button.setAttribute("aria-disabled", "true");
    var data = new FormData(form);
    data.delete("photos");
    photos.forEach(function (file) { data.append("photos", file, file.name); });
    fetch(form.getAttribute("action"), { method: "POST", body: data, headers: { "X-Draft": "1" } })
      .then(answered, function () {
        waiting = true;
        say("offline");
      })
      .catch(function () { say("failed"); })
      .then(function () {
        sending = false;
        button.textContent = word;
        button.removeAttribute("aria-disabled");
      });
  }

  function answered(response) {
    waiting = false;
    if (response.status === 201) {
      return response.json().then(function (answer) {
        over = true;
        clearTimeout(timer);
        return forget(key).then(function () { location.assign(answer.url); });
      });
    }
    if (response.redirected || response.status === 403) return say("login");
    if (response.status === 422) return response.text().then(refused);
    return say("failed");
  }

  // The form comes back with what is wrong; what was written and the photos stay.
  function refused(text) {
    var page = new DOMParser().parseFromString(text, "text/html");
    var answer = page.querySelector("form[data-draft]");
    if (!answer) return say("failed");
    form.replaceChildren.apply(form, Array.prototype.slice.call(answer.childNodes));
    if (window.htmx) window.htmx.process(form);
    show();
    welcome();
    var first = form.querySelector("[role=alert], .text-error");
    if (first) first.scrollIntoView({ block: "center" });
    return null;
  }

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    event.stopPropagation(); // this sends it once by itself
    send();
  });

  // ---- Coming back -----------------------------------------------------------------------
  function others() {
    var list = form.querySelector("[data-draft-others]");
    var names = [];
    for (var at = 0; at < localStorage.length; at += 1) names.push(localStorage.key(at));
    names.filter(function (name) { return name.startsWith(PREFIX) && name !== key; })
      .forEach(function (name) {
        var draft = stored(name);
        if (!draft || Date.now() - draft.at > MONTH) {
          forget(name);
          return;
        }
        var link = document.createElement("a");
        link.href = draft.address;
        link.textContent = [draft.label, values(draft.pairs, "summary")[0] || ""]
          .filter(Boolean).join(" · ").slice(0, 40) || draft.address;
        var item = document.createElement("li");
        item.append(link);
        list.append(item);
      });
    say("others", list.children.length > 0);
  }

  function welcome() {
    var discard = form.querySelector("[data-draft-discard]");
    discard.addEventListener("click", function () {
      if (!window.confirm(discard.dataset.question)) return;
      over = true;
      forget(key).then(function () { location.replace(address); });
    });
    try {
      others();
    } catch (_) { /* a browser that keeps nothing */ }
  }

  function restore() {
    var draft = stored(key);
    if (!draft) return;
    if (Date.now() - draft.at > MONTH) {
      forget(key);
      return;
    }
    album("readonly", function (table) { return table.get(key); })
      .catch(function () { return null; })
      .then(function (kept) {
        photos = kept || [];
        show();
        return chooseAgain(draft.pairs);
      })
      .then(function () {
        fill(draft.pairs);
        changed = true;
        form.querySelector("[data-draft-time]").textContent = new Date(draft.at).toLocaleString();
        say("restored");
      });
  }

  form.addEventListener("input", keepSoon);
  form.addEventListener("change", keepSoon);
  form.addEventListener("htmx:afterSwap", function () {
    if (form.querySelector("[data-draft-label]")) keepSoon();
  });
  window.addEventListener("pagehide", keep);
  document.addEventListener("visibilitychange", function () {
    if (document.visibilityState === "hidden") keep();
  });
  window.addEventListener("online", function () {
    if (waiting) send();
  });

  welcome();
  restore();
})();
