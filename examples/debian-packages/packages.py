#!/usr/bin/env python3
"""Loads this machine's Debian package index into a DynamoDB table, then asks it questions.

The data are real: what `apt-cache dumpavail` prints, tens of thousands of packages. Any DynamoDB endpoint will do;
with Brume:   eval "$(brume env)" && python3 packages.py
"""
import argparse
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import boto3
from boto3.dynamodb.conditions import Key
from botocore.config import Config

KEYS = [("section", "HASH"), ("name", "RANGE")]
FIELDS = {"Version", "Architecture", "Maintainer", "Installed-Size", "Size", "Homepage", "Depends", "Description"}


def read_packages():
    """Yields one dictionary a package of apt's lists (RFC 822 paragraphs, continued lines indented)."""
    record = {}
    with subprocess.Popen(["apt-cache", "dumpavail"], stdout=subprocess.PIPE, text=True) as apt:
        for line in apt.stdout:
            if line == "\n":
                yield record
                record = {}
            elif not line.startswith(" "):
                name, _, value = line.rstrip("\n").partition(": ")
                record[name] = value


def to_item(record):
    """One package as an item: section and name are its key; sizes are numbers, dependencies a set."""
    item = {"section": record.get("Section", "unknown"), "name": record["Package"]}
    for field in FIELDS & record.keys():
        item[field.lower()] = record[field]
    for field in ("installed-size", "size"):
        if field in item:
            item[field] = int(item[field])
    names = {part.split()[0] for part in record.get("Depends", "").replace("|", ",").split(",") if part.split()}
    if names:
        item["depends"] = names
    return item


def create_table(dynamodb, name):
    table = dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in KEYS],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in KEYS],
        BillingMode="PAY_PER_REQUEST")
    table.wait_until_exists()
    return table


def load(client, table_name, items, workers, acknowledge):
    """Writes 25 items a request from several threads; `acknowledge` hears of each batch that the server confirmed."""
    batches = [items[start:start + 25] for start in range(0, len(items), 25)]

    def write(batch):
        requests = [{"PutRequest": {"Item": item}} for item in batch]
        while requests:
            answer = client.batch_write_item(RequestItems={table_name: requests})
            requests = answer["UnprocessedItems"].get(table_name, [])
        acknowledge(batch)
        return len(batch)

    with ThreadPoolExecutor(workers) as pool:
        return sum(pool.map(write, batches))


def query_all(table, **arguments):
    """Every item of a query, page by page."""
    pages = 0
    items = []
    while True:
        answer = table.query(**arguments)
        pages += 1
        items += answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return items, pages
        arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", default="debian-packages")
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--limit", type=int, help="load at most so many packages")
    parser.add_argument("--acknowledged", help="append each confirmed key to this file: section TAB name")
    options = parser.parse_args()

    unique = {}
    for record in read_packages():
        item = to_item(record)
        unique[item["section"], item["name"]] = item
        if options.limit and len(unique) >= options.limit:
            break
    if not unique:
        sys.exit("apt knows no packages: run `apt-get update` first")
    print(f"{len(unique)} packages in {len({section for section, _ in unique})} sections")

    config = Config(max_pool_connections=options.workers, retries={"max_attempts": 3, "mode": "standard"})
    dynamodb = boto3.resource("dynamodb", config=config)
    if options.table not in {table.name for table in dynamodb.tables.all()}:
        create_table(dynamodb, options.table)
    table = dynamodb.Table(options.table)

    log = open(options.acknowledged or "/dev/null", "a", buffering=1)

    def acknowledge(batch):
        log.write("".join(f"{item['section']}\t{item['name']}\n" for item in batch))

    start = time.perf_counter()
    count = load(table.meta.client, options.table, list(unique.values()), options.workers, acknowledge)
    seconds = time.perf_counter() - start
    print(f"loaded    {count} items in {seconds:.1f} s: {count / seconds:.0f} items/s")

    section, expected = Counter(section for section, _ in unique).most_common(1)[0]
    start = time.perf_counter()
    items, pages = query_all(table, KeyConditionExpression=Key("section").eq(section))
    seconds = time.perf_counter() - start
    print(f"section   {section}: {len(items)} items in {pages} pages, {len(items) / seconds:.0f} items/s")
    assert len(items) == expected, f"expected {expected}"

    items, _ = query_all(
        table, KeyConditionExpression=Key("section").eq(section) & Key("name").begins_with("lib"),
        ProjectionExpression="#name, #size", ExpressionAttributeNames={"#name": "name", "#size": "size"})
    assert len(items) == sum(1 for key in unique if key[0] == section and key[1].startswith("lib"))
    print(f"prefix    {section}/lib*: {len(items)} items, {sum(item['size'] for item in items)} bytes in all")

    keys = list(unique)[:200]
    start = time.perf_counter()
    for section, name in keys * 5:
        table.update_item(
            Key={"section": section, "name": name}, UpdateExpression="ADD downloads :one",
            ExpressionAttributeValues={":one": 1})
    seconds = time.perf_counter() - start
    print(f"counters  {len(keys) * 5} updates: {len(keys) * 5 / seconds:.0f} updates/s")
    item = table.get_item(Key={"section": keys[0][0], "name": keys[0][1]}, ConsistentRead=True)["Item"]
    print(f"item      {item['section']}/{item['name']} {item['version']}: {item['downloads']} downloads")


if __name__ == "__main__":
    main()
