"""A decision in words, Chinese and English: "why Li Na, and why not Zhang Wei" (LD3.10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Words = tuple[str, str]
Measured = Mapping[str, Any]

REFUSALS: dict[str, Words] = {
    "not_a_rep": ("is no sales rep", "不是销售代表"),
    "inactive": ("is not active", "账号非在职可用状态"),
    "paused": ("was paused: too large a share of the team's leads", "因分得团队线索占比过高已暂停接收"),
    "off_shift": ("was off shift", "当时不在班"),
    "on_leave": ("was on leave", "当时休假"),
    "grade": ("does not take leads of this grade", "不接收该等级线索"),
    "industry": ("does not take leads of this industry", "不接收该行业线索"),
    "previous_owner": ("had the lead before and can't get it again automatically", "曾持有该线索，不再自动分配"),
    "load": ("had no room: load {load}, {weighted} of {baseline}", "没有余量：负荷 {load}（{weighted} / {baseline}）"),
    "a_today": ("had taken the A leads of the day already", "当日 A 级线索已达上限"),
    "not_a_newcomer": ("stood back for the newcomers' quota", "因新人配额让位"),
    "probe_inactive": ("was refused by the account check: not active", "账号校验未通过：非在职可用状态"),
    "probe_on_leave": ("was refused by the account check: on leave", "账号校验未通过：休假"),
    "probe_unverified": ("could not be verified in time", "账号状态未能及时确认"),
}

_OUTCOMES: dict[str, Words] = {
    "held": ("It is held: no candidate's account could be verified.", "线索挂起：没有任何候选人的账号状态可以确认。"),
    "queued": ("It is queued: everybody is full or off shift.", "线索排队：所有人均已满负荷或不在班。"),
    "customer_owner": ("It went to {name}, who owns the customer.", "该客户归属{name}，线索归其所有。"),
    "customer_taker": (
        "It went to {name}, who takes the customer over from {reason}.",
        "客户正由{reason}移交给{name}，线索归{name}。",
    ),
    "bounced": ("It came back too often and went to the manager {name}.", "多次回收，已转交经理{name}。"),
    "handover": ("It was handed over from {reason} to {name}.", "由{reason}移交给{name}。"),
    "manual": ("{by} gave it to {name} by hand: {reason}", "由{by}人工分配给{name}：{reason}"),
}


def summary(outcome: str, body: Mapping[str, Any], winner_name: str) -> Words:
    """Why the lead went where it went."""
    if outcome != "assigned":
        en, zh = _OUTCOMES[outcome]
        known = {"name": winner_name, "by": body.get("by_name", ""), "reason": body.get("reason", "")}
        return en.format(**known), zh.format(**known)
    winner = winner_of(body, winner_name)
    en, zh = _formula(winner, body["weights"])
    notes_en, notes_zh = _notes(body)
    runner_en, runner_zh = _runner_up(winner, body)
    return (
        f"It went to {winner['name']}: {en}.{runner_en}{notes_en}",
        f"分配给{winner['name']}：{zh}。{runner_zh}{notes_zh}",
    )


def why_not(asked: Measured, winner: Measured | None, body: Mapping[str, Any]) -> Words:
    """Why the lead did not go to somebody; `asked` and `winner` as measured then, `body` of the decision."""
    name = str(asked["name"])
    if asked["refused"]:
        en, zh = (text.format(**_figures(asked)) for text in REFUSALS[asked["refused"]])
        return f"{name} {en}.", f"{name}{zh}。"
    if "weights" not in body:
        return f"{name} was not compared: nobody was scored.", f"{name}未参与比较：该决定并非自动评分作出。"
    if winner is None:
        return (
            f"{name} could have had it, but nobody was verified in time.",
            f"{name}符合条件，但未能及时确认任何账号。",
        )
    if asked["employee_id"] == winner["employee_id"]:
        return f"{name} got the lead.", f"线索正是分配给了{name}。"
    return _beaten(asked, winner, body)


def winner_of(body: Mapping[str, Any], winner_id_or_name: str) -> Measured:
    """The winner's parts; by id, or by name as the caller knows it."""
    for each in body["candidates"]:
        if winner_id_or_name in (each["employee_id"], each["name"]) and not each["refused"]:
            return dict(each)
    return dict(body["candidates"][0])


def parts(measured: Measured, weights: Mapping[str, float]) -> list[dict[str, Any]]:
    """The three parts of the score with input, value and weight."""
    figures = _figures(measured)
    return [
        {
            "name": "load",
            "input": f"{figures['weighted']} / {figures['baseline']} = {figures['load']}",
            "value": round(1 - min(measured["load"], 1), 6),
            "weight": weights["load"],
        },
        {
            "name": "conversion",
            "input": f"{measured['won']} / {measured['closed']}, team {measured['team_rate']:.0%}"
            f" → {measured['conversion']:.1%}",
            "value": measured["conversion_n"],
            "weight": weights["conversion"],
        },
        {
            "name": "region",
            "input": _territory(measured),
            "value": measured["region"],
            "weight": weights["region"],
        },
    ]


def _territory(measured: Measured) -> str:
    if measured["distance_km"] is None:
        return measured["city"] or "–"
    return f"{measured['distance_km']:.1f} km, territory {measured['radius_km']:g} km"


def _formula(winner: Measured, weights: Mapping[str, float]) -> Words:
    free = 1 - min(winner["load"], 1)
    load, conv, near = weights["load"], weights["conversion"], weights["region"]
    figures = _figures(winner)
    en = (
        f"score {winner['score']:.3f} = {load}×{free:.2f} (load {figures['load']})"
        f" + {conv}×{winner['conversion_n']:.2f} (conversion {winner['conversion']:.1%})"
        f" + {near}×{winner['region']:.2f} (region)"
    )
    zh = (
        f"得分 {winner['score']:.3f} = {load}×{free:.2f}（负荷 {figures['load']}）"
        f" + {conv}×{winner['conversion_n']:.2f}（转化率 {winner['conversion']:.1%}）"
        f" + {near}×{winner['region']:.2f}（区域）"
    )
    return en, zh


def _notes(body: Mapping[str, Any]) -> Words:
    en = f" Weights of high load (mean load {body['mean_load']:.0%})." if body["high_load"] else ""
    zh = f"启用高负荷权重（平均负荷 {body['mean_load']:.0%}）。" if body["high_load"] else ""
    if body["newcomer_quota"]:
        en, zh = en + " Newcomers' quota.", zh + "适用新人配额。"
    if body["refused"]:
        count = len(body["refused"])
        en, zh = en + f" {count} refused by the account check.", zh + f"账号校验排除 {count} 人。"
    return en, zh


def _runner_up(winner: Measured, body: Mapping[str, Any]) -> Words:
    others = [
        each for each in body["candidates"] if each["employee_id"] != winner["employee_id"] and not each["refused"]
    ]
    if not others:
        return " No other candidate.", "无其他候选人。"
    best = max(others, key=lambda each: float(each["score"]))
    if best["score"] >= winner["score"] - body["tie_band"] - 1e-9:
        return _turn(winner, best)
    return (
        f" Next: {best['name']} with {best['score']:.3f}.",
        f"其次：{best['name']}，得分 {best['score']:.3f}。",
    )


def _turn(winner: Measured, other: Measured) -> Words:
    """Both are within the band of equals: the one owed most, then the least recently assigned, then the id (LD3.6)."""
    claim, rival = winner["owed"] - winner["received"], other["owed"] - other["received"]
    if claim > rival:
        why = f"was owed more ({claim:.2f} against {rival:.2f})", f"应得更多（{claim:.2f} 对 {rival:.2f}）"
    elif winner["last_assigned"] < other["last_assigned"]:
        why = "had waited longer for a lead", "距上次分配更久"
    else:
        why = "comes first by employee number", "工号在前"
    return (
        f" {other['name']} scored {other['score']:.3f}, within the band of equals; {winner['name']} {why[0]}.",
        f"{other['name']}得分 {other['score']:.3f}，处于同分带内；{winner['name']}{why[1]}。",
    )


def _beaten(asked: Measured, winner: Measured, body: Mapping[str, Any]) -> Words:
    weights, tie_band = body["weights"], body["tie_band"]
    gap = winner["score"] - asked["score"]
    if gap <= tie_band + 1e-9:
        en, zh = _turn(winner, asked)
        return en.strip(), zh
    mine, theirs = (
        {part["name"]: part["value"] * part["weight"] for part in parts(each, weights)} for each in (asked, winner)
    )
    worst = max(mine, key=lambda name: theirs[name] - mine[name])
    figures = _figures(asked)
    reasons: dict[str, Words] = {
        "load": (f"load {figures['load']}", f"负荷 {figures['load']}"),
        "conversion": (f"conversion {asked['conversion']:.1%}", f"转化率 {asked['conversion']:.1%}"),
        "region": (f"region {asked['region']:.2f}", f"区域得分 {asked['region']:.2f}"),
    }
    return (
        f"{asked['name']} scored {asked['score']:.3f}, {gap:.3f} below {winner['name']} ({winner['score']:.3f});"
        f" most of it by {reasons[worst][0]}.",
        f"{asked['name']}得分 {asked['score']:.3f}，比{winner['name']}（{winner['score']:.3f}）低 {gap:.3f}，"
        f"主要差在{reasons[worst][1]}。",
    )


def _figures(measured: Measured) -> dict[str, str]:
    return {
        "load": f"{measured['load']:.0%}",
        "weighted": f"{measured['weighted']:.2f}",
        "baseline": f"{measured['baseline']:g}",
    }
