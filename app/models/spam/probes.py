"""Texts for golden.json that no message of the collection is like: what may be counted otherwise elsewhere than in Python."""

PROBES = [
    "",
    " ",
    "\n\t\r ",
    "a",
    "!?.,;:-",
    "\0",
    "win\0win",
    "free free FREE Free fReE",
    "free_prize free-prize free'prize free.prize freeprize",
    "Call 08001234567 to claim your prize",
    "cash " * 2000,
    "x" * 20000,
    # emoji, with joiners, skin tones and flags
    "😂😂😂",
    "you won 🎉🎉 a prize 🏆 call 📞 now",
    "👩‍👩‍👧‍👦 free 👍🏽 🇮🇪",
    "claim💰your💰prize💰now",
    # right to left, with marks that order it
    "مرحبا، هل تريد الفوز بجائزة؟ اتصل الآن",
    "שלום, אתה פנוי הערב?",
    "\u202eprize\u202c call \u200fnow\u200e",
    "تهانينا! text WIN to 80888",
    # other scripts
    "恭喜您中奖了 请致电 08001234567",
    "おめでとうございます!賞品をお受け取りください",
    "आपने एक पुरस्कार जीता है call now",
    "Вы выиграли приз! Позвоните сейчас",
    "ขอแสดงความยินดี คุณได้รับรางวัล",
    "축하합니다 cash 당첨되셨습니다",
    # cases that change length, depend on neighbours, or exist twice
    "İSTANBUL'da FREE ödül, I ı İ i",
    "ΣΑΣ ΟΔΥΣΣΕΥΣ ΣΊΣΥΦΟΣ Σ'Σ call",
    "STRASSE Straße STRAẞE claim",
    "ﬁnal ﬀree ﬃ",
    "ＣＡＬＬ ｎｏｗ ＦＲＥＥ",
    "𝐅𝐑𝐄𝐄 𝐂𝐀𝐒𝐇 𝕔𝕒𝕝𝕝 𝟘𝟠𝟘𝟘",
    "Ⓒⓐⓛⓛ ⅣⅣ ½½ ①② ²³",
    "K Å Ω call",
    # letters with marks, joined and apart
    "résumé re\u0301sume\u0301 prize\u0301 ca\u0301ll",
    "f\u200bree ca\u00adsh pri\u2060ze wi\ufeffnner",
    "fr\u200dee c\u034fall",
    # digits of other scripts, letters beyond the first plane
    "٠٨٠٠ ०८०० ０８００",
    "𐐀𐐁 𐐨𐐩 𞤀𞤁 𞤢𞤣 𐲀 call",
    "𝒜 𠀀 𠀀𠀁",
    # not characters, private ones, replaced ones
    "\ufffd\ufffe\uffff\ue000 call \U000e0041 \U0010ffff",
    # letters and cases that newer versions of Unicode have
    "\ua7cb\ua7cc\ua7da\ua7dc \U00010d50\U00010d70 \u1c89\u1c8a \u0870\u0871 \U0001e5d0\U0001e5d1",
    "call\u00a0now\u3000free\u2028prize\u0085cash",
    "ca\u0308ll CA\u0308LL cäll CÄLL",
    "WINNER\u2019S £1,000 \u20ac500 $100 50% #win @win win@win.example",
    "http://www.prizeline.example/claim?id=123&win=1",
]
