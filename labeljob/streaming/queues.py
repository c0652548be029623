"""SQS queues: found by name, let in by a topic, subscribed to it. What is in order already is not touched."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from labeljob.aws import Aws, AwsError, calling

_SEND = "sqs:sendmessage"
_SNS = "sns.amazonaws.com"
_ON_SOURCE = {"arnequals", "arnlike", "stringequals", "stringlike"}
_SOURCE = "aws:sourcearn"


def find_queue(name: str, aws: Aws) -> str | None:
    """The URL of the queue of this name in the caller's account; None when there is none.

    Raises:
        AwsError: SQS refuses.
    """
    try:
        with calling(f"find queue {name}"):
            return aws.sqs.get_queue_url(QueueName=name)["QueueUrl"]
    except AwsError as failure:
        if failure.missing:
            return None
        raise


def arn_of(url: str, aws: Aws) -> str:
    """The ARN of a queue.

    Raises:
        AwsError: SQS refuses.
    """
    with calling(f"look at queue {url}"):
        return aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]


def messages_in(url: str, aws: Aws) -> int:
    """About how many messages wait in a queue; SQS counts within a minute.

    Raises:
        AwsError: SQS refuses.
    """
    with calling(f"look at queue {url}"):
        attributes = aws.sqs.get_queue_attributes(
            QueueUrl=url,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"],
        )["Attributes"]
    return sum(int(number) for number in attributes.values())


def connect(name: str, url: str, topic: str, aws: Aws) -> tuple[str, ...]:
    """See to it that what is published to a topic reaches a queue: the queue's policy lets the topic send, and it is subscribed.

    Returns:
        What was missing and is there now, in words.

    Raises:
        AwsError: SQS or SNS refuses.
    """
    with calling(f"look at queue {name}"):
        attributes = aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn", "Policy"])[
            "Attributes"
        ]
    queue_arn, mended = attributes["QueueArn"], []
    policy = json.loads(attributes.get("Policy") or "{}")
    if not lets_send(policy, topic, queue_arn):
        with calling(f"let {topic} send to queue {name}"):
            aws.sqs.set_queue_attributes(
                QueueUrl=url, Attributes={"Policy": json.dumps(letting_send(policy, topic, queue_arn))}
            )
        mended.append(f"the policy of queue {name} now lets {topic} send to it")
    if queue_arn not in {item["Endpoint"] for item in subscriptions(topic, aws)}:
        with calling(f"subscribe queue {name} to {topic}"):
            aws.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
        mended.append(f"queue {name} is now subscribed to {topic}")
    return tuple(mended)


def subscriptions(topic: str, aws: Aws) -> list[Mapping[str, Any]]:
    """What is subscribed to a topic, as SNS lists it; nothing where there is no such topic.

    Raises:
        AwsError: SNS refuses.
    """
    try:
        with calling(f"list subscriptions of {topic}"):
            pages = aws.sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
            return [item for page in pages for item in page["Subscriptions"]]
    except AwsError as failure:
        if failure.missing:
            return []
        raise


def unsubscribe(queue_arn: str, topic: str, aws: Aws) -> bool:
    """End a queue's subscription to a topic; whether there was one.

    Raises:
        AwsError: SNS refuses.
    """
    found = [item for item in subscriptions(topic, aws) if item["Endpoint"] == queue_arn]
    for item in found:
        with calling(f"end the subscription of {queue_arn}"):
            aws.sns.unsubscribe(SubscriptionArn=item["SubscriptionArn"])
    return bool(found)


def delete(url: str, aws: Aws) -> None:
    """Delete a queue with what is in it; one that is gone already is passed over.

    Raises:
        AwsError: SQS refuses.
    """
    try:
        with calling(f"delete queue {url}"):
            aws.sqs.delete_queue(QueueUrl=url)
    except AwsError as failure:
        if not failure.missing:
            raise


def lets_send(policy: Mapping[str, Any], topic: str, queue_arn: str) -> bool:
    """Whether a queue's policy lets a topic send to it: some statement allows it, none denies it.

    A condition on anything but the source's ARN is taken as met where it allows and as not met where it denies: only the service can tell.
    """
    sides = {"Allow": False, "Deny": False}
    for statement in _list(policy.get("Statement")):
        effect = statement.get("Effect")
        if effect in sides:
            sides[effect] |= _matches(statement, topic, queue_arn, unknown=effect == "Allow")
    return sides["Allow"] and not sides["Deny"]


def letting_send(policy: Mapping[str, Any], topic: str, queue_arn: str) -> dict[str, Any]:
    """The policy with one more statement, by which the topic may send."""
    statement = {
        "Sid": f"labeljob-{topic.rpartition(':')[2]}",
        "Effect": "Allow",
        "Principal": {"Service": _SNS},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    kept = [found for found in _list(policy.get("Statement")) if found.get("Sid") != statement["Sid"]]
    return {"Version": "2012-10-17", **policy, "Statement": [*kept, statement]}


def _matches(statement: Mapping[str, Any], topic: str, queue_arn: str, *, unknown: bool) -> bool:
    actions = [action.lower() for action in _list(statement.get("Action"))]
    return (
        _principal(statement.get("Principal"))
        and any(fnmatchcase(_SEND, action) for action in actions)
        and any(fnmatchcase(queue_arn, resource) for resource in _list(statement.get("Resource", queue_arn)))
        and all(_conditions(statement.get("Condition", {}), topic, unknown=unknown))
    )


def _principal(principal: Any) -> bool:
    if isinstance(principal, dict):
        return _SNS in _list(principal.get("Service")) or "*" in _list(principal.get("AWS"))
    return bool(principal == "*")


def _conditions(conditions: Mapping[str, Mapping[str, Any]], topic: str, *, unknown: bool) -> Iterator[bool]:
    for operator, keys in conditions.items():
        for key, values in keys.items():
            if key.lower() == _SOURCE and operator.lower() in _ON_SOURCE:
                yield any(fnmatchcase(topic, value) for value in _list(values))
            else:
                yield unknown


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
