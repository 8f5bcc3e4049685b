internal import KeyValue
internal import Primitives
internal import ServiceKit
internal import ServiceModel
internal import Telemetry

/// Deleting expired items.
extension DynamoDBService {
    private static let sweptTablesMax = 100
    /// Items deleted at a time: their commits share one sync of the disk.
    private static let sweptItemsMax = 100
    private static let sweptBytesMax = 1 << 20

    /// Sweeps for expired items repeatedly, until the server stops.
    func startSweeping() {
        self.jobs.start("time to live") {
            while !Task.isCancelled {
                await self.sweepExpiredItems()
                // Sleep throws only when the server stops, which the loop's condition sees.
                try? await Task.sleep(for: .milliseconds(self.sweepMilliseconds))
            }
        }
    }

    /// Deletes all items that are expired now, in all tables of all accounts. May be interrupted at any point.
    package func sweepExpiredItems() async {
        var range = CatalogKeys.expiringTables
        let now = self.clock.now()
        do throws(ServiceError) {
            while !range.isEmpty, !Task.isCancelled {
                let page = try await self.items.scan(
                    range, limit: Self.sweptTablesMax, byteLimit: Self.sweptBytesMax, reverse: false)
                for entry in page.entries {
                    guard let reference = ExpiryNotes.reference(ofTable: entry.key) else { continue }
                    await self.sweep(reference, now)
                }
                guard let continuation = page.continuation else { return }
                range = range.continued(from: continuation, reverse: false)
            }
        } catch {
            // The error of the store is reported on /readyz; the next sweep tries again.
            return
        }
    }

    private func sweep(_ reference: TableReference, _ now: Timestamp) async {
        do throws(ServiceError) {
            guard let table = try await self.catalog.snapshot(reference)?.descriptor,
                table.expiry.attribute != nil, !table.isBeingFilled
            else { return }
            var range = table.expiry.due(table.number, at: now)
            while !range.isEmpty, !Task.isCancelled {
                let page = try await self.items.scan(
                    range, limit: Self.sweptItemsMax, byteLimit: Self.sweptBytesMax, reverse: false)
                let outcomes = await self.expire(page.entries.map(\.key), of: reference, now)
                // Counts only removed items; failures are thrown below.
                self.report(outcomes.count { (try? $0.get()) == true }, reference, now)
                for outcome in outcomes { _ = try outcome.get() }
                guard let continuation = page.continuation else { return }
                range = range.continued(from: continuation, reverse: false)
            }
        } catch {
            // The table is deleted, or the store takes no writes: left to the next sweep.
            return
        }
    }

    private func expire(
        _ entries: [[UInt8]], of reference: TableReference, _ now: Timestamp
    ) async -> [Result<Bool, ServiceError>] {
        await withTaskGroup(of: Result<Bool, ServiceError>.self) { group in
            for entry in entries {
                group.addTask {
                    do throws(ServiceError) {
                        return .success(try await self.items.expire(entry, of: reference, at: now))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// Reports CloudWatch's metric of deleted items.
    private func report(_ count: Int, _ reference: TableReference, _ now: Timestamp) {
        guard count > 0 else { return }
        let datum = MetricDatum(
            namespace: "AWS/DynamoDB", name: "TimeToLiveDeletedItemCount",
            dimensions: [MetricDatum.Dimension("TableName", reference.name)], value: Double(count), unit: "Count")
        self.telemetry.record(datum, account: reference.account, region: reference.region, time: now)
    }
}
