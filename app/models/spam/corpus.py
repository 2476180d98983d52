"""A stand-in for the UCI SMS Spam Collection, which can't be shipped: made-up messages, the same ones for the same seed.

As many messages as that collection has, about the same share of spam, and the same kinds of both: advertising that asks for a
call, a text or a click, and people writing to people. The kinds overlap on purpose (friends who write "free", "win" and
"claim"; spam that pretends to be a friend), spelling is as people type, and one message in a hundred is on the wrong side, so
that no classifier is right about all of them.

    python3 app/models/spam/corpus.py > corpus.tsv     # label, tab, text: the collection's own format
"""

import random
import re
import sys

ROWS = 5574
SPAM_SHARE = 0.134
SEED = 1

# In a template, {word} stands for one of the list of that name, {word:n} for a number of n digits.
WORDS = {
    "name": "Anna Ben Carla Dev Ella Farid Grace Hugo Ines Jack Kemi Leo Maya Noor Olga Priya Quinn Rosa Sam Tariq Uma Vera "
    "Wei Xavi Yusuf Zoe mum dad gran babe mate sis bro hun love boss",
    "place": "town|the station|the library|the gym|uni|work|the pub|my place|yours|the new cafe|the park|the office|school|"
    "the airport|the market|the clinic|Leeds|Cork|Bristol|the cinema|nan's",
    "meal": "lunch|dinner|breakfast|a curry|pizza|noodles|coffee|a quick drink|tea|chips|biryani|soup",
    "time": "at 6|at 7.30|in 10 mins|tonight|tomorrow|this evening|after class|after work|around 8|on friday|on sunday|"
    "next week|by noon|later|in an hour|2nite|2moro|b4 5|this weekend",
    "thing": "keys|charger|notes|umbrella|laptop|jacket|tickets|book|phone|bag|glasses|essay|parcel|ring|camera|bike",
    "verb": "call|ring|text|message|meet|see|join|pick up|wait for|write to|ask|tell",
    "feeling": "tired|happy|so bored|hungry|a bit ill|excited|fine|stuck in traffic|running late|on the bus|half asleep|"
    "nearly done|in a meeting|at the doctor|busy revising",
    "small": "ok|okay|k|yes|yeah|yup|nope|no|sure|cool|fine|lol|haha|hmm|sorry|thanks|thx|ta|great|wow|aww|ugh|oh",
    "opener": "hey|hi|hiya|hello|yo|morning|evening|so|well|oi|guess what|btw|right|ok so|oh and",
    "closer": "x|xx|xxx|:)|;)|:-)|:(|lol|haha|love you|take care|bye|ttyl|see ya|mwah|cheers|thanks|❤️|😂|👍|🙏|😴",
    "topic": "the match|the exam|the wedding|my interview|the rent|the party|the trip|the flat|that film|the bill|the lecture|"
    "the new season|grandma's birthday|the landlord|the results|the prize giving",
    "opinion": "brilliant|awful|ok i guess|not what i expected|really good|too long|hilarious|a waste of money|worth it|weird",
    "prize": "a £{pounds} cash prize|a brand new {gadget}|a holiday for 2 to {resort}|£{pounds} in vouchers|"
    "a {gadget} worth £{pounds}|a guaranteed £{pounds} award|tickets to the final|a weekend in {resort}|a mystery gift",
    "gadget": "camera phone|games console|tablet|mp3 player|smart watch|colour mobile|laptop|camcorder|flat screen tv",
    "resort": "Ibiza|Tenerife|Florida|Malta|Cyprus|Majorca|New York|the Maldives",
    "pounds": "50|100|150|200|250|350|500|750|800|900|1000|1500|2000|5000",
    "urge": "Call|Call now|Txt|Text|Reply|Ring|To claim call|Claim now on|Phone|To collect call|Contact us on",
    "hurry": "URGENT!|FINAL NOTICE:|WINNER!!|Congratulations!|Important message.|LAST CHANCE!|Dear customer,|PRIVATE!|"
    "Great news!|ATTENTION:|Hot offer!|FREE MSG:|Reminder:|Bonus!",
    "tone": "ringtone|polyphonic tone|true tone|wallpaper|logo|screensaver|java game|picture message|video clip",
    "chat": "flirt|chat|singles|dating|date|meet locals",
    "terms": "T&Cs apply|16+ only|18+|Cost 150p/msg|calls {n:2}p per min|to opt out txt STOP|unsubscribe: reply STOP|"
    "valid 12hrs only|BT national rate|max {n:1} mins|PO Box {n:4}|std txt rate|www.{site}.example|POBOX{n:3}",
    "site": "prizeline|txt4fun|tonezone|winbig|chatlocal|mobideals|getloan|claim247|hotdates|parcel-help",
    "short": "{n:5}|8{n:4}|6{n:4}",
    "phone": "0{n:3} {n:3} {n:4}|08{n:9}|09{n:9}|07{n:9}|+44{n:10}",
    "keyword": "WIN|YES|TONE|GAME|LOVE|GO|PLAY|CASH|HOT|CLAIM|QUIZ|MUSIC|BET|CHAT",
    "person": "Katie|Lisa|Tom|Mandy|Jess|Chloe|a secret admirer|somebody who fancies you|an old school friend",
}

HAM = [
    "{opener} {name}, are you free {time}? We could get {meal} {closer}",
    "{small}",
    "{small} {closer}",
    "{small}, {small}",
    "{small}. {verb} me {time}",
    "I'm {feeling}, {verb} you {time}",
    "{opener} I am {feeling}. Start without me, will be at {place} {time}",
    "Did you find my {thing}? I think I left it at {place}",
    "Where are you? I'm at {place} {closer}",
    "Can you {verb} {name} about {topic}? I forgot",
    "{topic} was {opinion}. How was yours?",
    "Just got back from {place}, {feeling}. {opener} what's for {meal}?",
    "Don't forget the {thing} {time} {closer}",
    "Happy birthday {name}!! Have a lovely day {closer}",
    "I'll {verb} you {time}, promise",
    "on my way to {place}",
    "{name} says {topic} was {opinion}, do you want to come {time}?",
    "Sorry I missed your call, was {feeling}. What's up?",
    "how much do i owe you for {meal}? £{n:1} or £{n:2}?",
    "Meeting moved, see you at {place} {time}",
    "u there? need ur help wit {topic} {closer}",
    "wat time r u comin {time}? im {feeling}",
    "gonna be late, {feeling}, sry {closer}",
    "{opener} did {name} {verb} you? {name} is {feeling} and won't {verb} anybody",
    "Thinking of you {closer}",
    "Pls send me the address of {place} again, my phone died",
    "Ok will {verb} {name} and then go to {place} for {meal}",
    "haha {name} lost the {thing} again, {opinion}",
    "Are we still on for {meal} {time}?",
    "No way! {topic} was {opinion}?",
    "The doctor said it's nothing serious, {feeling} now. Will {verb} you {time}",
    "I've paid {topic}, you can give me the £{n:2} {time}",
    "my number is 07{n:9} now, save it. {name}",
    "Train is delayed, reach {place} {time}. Keep some {meal} for me",
    "Your {thing} is still here, want me to bring it {time}? {closer}",
    "what did u think of {topic}? i thought it was {opinion}",
    # words of spam
    "Free {time}? I won {meal} in the office raffle, first prize was a {gadget} lol",
    "if we win {topic} i'll buy you a {gadget} {closer}",
    "call me on 0{n:3} {n:3} {n:4} when you can claim the {thing} from {place}",
    "The bank called about the loan, need to reply {time}. Urgent, sorry {closer}",
    "txt me the code for the wifi pls, and the ringtone you had at {place} {closer}",
    "They only give cash at {place}, can you bring £{n:2}? Will pay back {time}",
    "got a free voucher for {meal}, valid till friday. wanna go {time}?",
    "congratulations on {topic}!! {name} told me, call now or {time} {closer}",
    "Please confirm the delivery of the parcel {time}, I'll be at {place}. {name}",
    "Your appointment at {place} is {time}. Reply YES to confirm or call 0{n:3} {n:6}",
]

SPAM = [
    "{hurry} You have won {prize}! {urge} {phone}. {terms}",
    "{hurry} Your mobile number has been awarded {prize}. {urge} {phone} {terms}",
    "{hurry} {urge} {keyword} to {short} for {prize}. {terms}. {terms}",
    "Win {prize}: what is the capital of France? Txt {keyword} to {short}. {terms}",
    "Get a free {tone} every week! Text {keyword} to {short}. {terms}",
    "New {tone} for your phone: reply {keyword} {n:3} to {short}, only £{n:1}.50. {terms}",
    "{hurry} your free {tone} is waiting. Go to www.{site}.example or text {keyword} to {short}",
    "Lonely? {chat} with people near you, text {keyword} to {short} now. {terms}",
    "{person} wants to {chat} with you. {urge} {phone}. {terms}",
    "We tried to contact you about your reward, {prize}. {urge} {phone}, {terms}",
    "Hi, {person} has sent you a message on our {chat} line. {urge} {phone} to hear it. {terms}",
    "Cash loans up to £{n:2}000, bad credit ok. Reply {keyword} or call {phone}. {terms}",
    "{hurry} Your subscription ends today. Renew: www.{site}.example {terms}",
    "Half price line rental and a {gadget} free with 12 months. {urge} {phone}. {terms}",
    "Your parcel is held at our depot, pay £1.{n:2} at www.{site}.example/{n:6}",
    "You are entitled to compensation of £{n:4} for your accident. {urge} {phone}. {terms}",
    "{hurry} {n:3} unclaimed points on your account {n:4}. Redeem for {prize}: {phone}",
    "Bet now on {topic}: a £{pounds} bonus with code {keyword}{n:2}. {terms}",
    "Join our {chat} club today, first week FREE, then £{n:1} a week. Txt {keyword} to {short}. {terms}",
    "Todays vodafone numbers ending {n:4} receive {prize}. If yours matches call {phone}. {terms}",
    # words of friends
    "hey its me, lost my phone, call me on {phone} {closer}",
    "Hi babe it's {person}, are you free {time}? Text me back on {short} {closer}",
    "{opener} {person} here, saw you at {place}, want to meet {time}? {urge} {phone}",
    "did you get my message? reply to {short} {closer}",
    "Dont forget {topic} {time}, odds at www.{site}.example",
    "{small}, here's the pic you wanted {closer} www.{site}.example/{n:4}",
]

SHORTHAND = {
    "you": "u",
    "are": "r",
    "your": "ur",
    "to": "2",
    "for": "4",
    "please": "pls",
    "tomorrow": "2moro",
    "and": "n",
    "with": "wiv",
    "what": "wot",
    "have": "hav",
    "because": "coz",
    "great": "gr8",
    "later": "l8r",
    "about": "abt",
    "message": "msg",
    "text": "txt",
}


class Writer:
    """Draws by `random()` alone, the only method of Random whose sequence Python promises to keep."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed).random
        self.words = {name: text.split("|") if "|" in text else text.split() for name, text in WORDS.items()}

    def one_of(self, choices):
        return choices[int(self.random() * len(choices))]

    def chance(self, probability: float) -> bool:
        return self.random() < probability

    def message(self, spam: bool) -> str:
        kinds = SPAM if spam != self.chance(0.01) else HAM
        text = self.fill(self.one_of(kinds))
        if self.chance(0.25 if kinds is HAM else 0.1):
            text = f"{text} {self.fill(self.one_of(kinds))}"
        return self.typed(text, sloppy=0.5 if kinds is HAM else 0.2)

    def fill(self, template: str) -> str:
        def word(match: re.Match) -> str:
            name, digits = match.groups()
            if digits:
                return "".join(self.one_of("0123456789") for _ in range(int(digits)))
            return self.fill(self.one_of(self.words[name]))

        return re.sub(r"\{(\w+)(?::(\d+))?\}", word, template)

    def typed(self, text: str, sloppy: float) -> str:
        """As somebody types it on a phone."""
        if self.chance(sloppy):
            text = " ".join(self.sloppily(word) for word in text.split(" "))
        case = self.random()
        if case < 0.06:
            text = text.upper()
        elif case < 0.3:
            text = text.lower()
        if self.chance(0.08):
            text = text.replace("&", "&amp;")
        if self.chance(0.15):
            text = text.rstrip(".") + self.one_of(["...", "!", "!!", "..", " ?", " .", "…"])
        return text

    def sloppily(self, word: str) -> str:
        if self.chance(0.5) and word.lower() in SHORTHAND:
            return SHORTHAND[word.lower()]
        if len(word) < 4 or not word.isalpha() or not self.chance(0.12):
            return word
        at = 1 + int(self.random() * (len(word) - 2))
        kind = self.one_of(["drop", "double", "swap", "join"])
        if kind == "drop":
            return word[:at] + word[at + 1 :]
        if kind == "double":
            return word[:at] + word[at] + word[at:]
        if kind == "swap":
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        return word + self.one_of(["in", "s", "y", "zz", "d"])


def generate(rows: int = ROWS, seed: int = SEED) -> list[tuple[int, str]]:
    """Pairs of class (ham 0, spam 1) and text."""
    writer = Writer(seed)
    classes = [writer.chance(SPAM_SHARE) for _ in range(rows)]
    return [(int(spam), writer.message(spam)) for spam in classes]


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    for spam, message in generate():
        print("spam" if spam else "ham", message, sep="\t")
