"""Texts of what must not get lost: alarms, pushes that go another way, the list of what is overdue, the second way."""

TEXTS: dict[str, str] = {
    "alarm.unanswered": "【紧急·无人响应】{编号} {地点}：{情况}。已过 {等了} 还没有人受理，请立即打电话找人并赶到，回复「受理 {编号}」。{电话簿}{电话}",
    "alarm.unreachable": "【告警】{编号} 的提醒谁都没有收到：从 {姓名} 到社区值班都送不到（{原因}）。请打电话通知：{电话簿}",
    "alarm.account": "【告警】渠道「{账号}」推送不出去：{原因}。改好后会自动补发，没有丢失",
    "alarm.line_emergency": "紧急报事 {编号} 还没有人受理",
    "alarm.line_unreachable": "{编号} 的提醒谁都没有收到（{原因}）",
    "alarm.line_account": "渠道「{账号}」推送不出去（{原因}）",
    "relay.next": "【请代为处理】{姓名} 收不到提醒，请您接手或转告他：\n{原文}",
    "digest.own": "【超时清单】截至 {时间}，您手上有 {件数} 件超时，先办最上面的：\n{清单}\n回复「待办」看全部。",
    "digest.up": "【超时清单】截至 {时间}，{姓名} 手上有 {件数} 件超时，请帮他分一分：\n{清单}\n回复「转交 编号 姓名」可以改派。",
    "digest.line": "{编号} {地点} {环节}已超 {超出}",
    "digest.more": "还有 {件数} 件",
    "link.code": "请在公众号里发送：网格员 {验证码}\n{分钟} 分钟内有效。绑好后，企业微信推不到您的提醒会改发到公众号。",
    "link.done": "绑好了。企业微信推不到您（{姓名}）时，提醒会发到这里。",
    "link.bad": "验证码不对或已过期。请在企业微信里重新回复「绑定公众号」。",
    "link.undone": "已解除绑定，提醒不再发到公众号。",
    "link.none": "您还没有绑定公众号。要绑定，请回复「绑定公众号」。",
}

OFFERED: dict[str, set[str]] = {}
