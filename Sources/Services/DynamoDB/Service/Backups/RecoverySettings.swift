internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives

/// The settings of a table with point-in-time recovery enabled.
struct RecoverySettings: Sendable, Equatable {
    static let periodDaysMax = 35
    static let dayMilliseconds: Int64 = 86_400_000

    /// Every change after this moment is in the log; nil until the commit that enabled recovery is known to be durable.
    var since: Timestamp?
    /// 1...35; changes need not be kept for longer.
    var periodDays: Int

    /// The earliest moment that the table can be restored to; nil while it cannot be restored yet.
    func earliest(at now: Timestamp) -> Timestamp? {
        self.since.map { max($0, self.horizon(at: now)) }
    }

    /// The beginning of the recovery period.
    func horizon(at now: Timestamp) -> Timestamp {
        Timestamp(millisecondsSinceEpoch: now.millisecondsSinceEpoch - Int64(self.periodDays) * Self.dayMilliseconds)
    }
}

extension Timestamp {
    /// For the earliest moment that can be restored: SDKs send it back without its fraction.
    var roundedUpToSecond: Timestamp {
        Timestamp(secondsSinceEpoch: (self.millisecondsSinceEpoch + 999) / 1000)
    }
}

/// A backup, restore or export that reads a table: meanwhile its changes are kept, and it cannot be deleted.
struct RunningCopy: Sendable, Equatable {
    /// Unique in the table: the number for the copy's own keys.
    var number: UInt64
    /// Changes after this moment are needed.
    var since: Timestamp
}

/// What a restored table was restored from.
struct RestoreOrigin: Sendable, Equatable {
    /// nil for a restore to a point in time.
    var backupARN: String?
    var tableARN: String
    /// The moment of the items that it got.
    var moment: Timestamp
}

extension TableDescriptor {
    /// The restore summary of a description, while the table gets its items.
    /// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes.
    var restoreSummary: RestoreSummary? {
        guard self.isBeingFilled, let origin = self.origin else { return nil }
        return RestoreSummary(
            sourceBackupARN: origin.backupARN,
            sourceTableARN: origin.tableARN,
            restoreDateTime: origin.moment,
            restoreInProgress: true
        )
    }

    /// How long backups, restores, exports and point-in-time recovery need a change in the log.
    var recoveryKeptMilliseconds: Int64 {
        // While the table is read as of a moment, every change after it must be kept.
        guard self.copies.isEmpty else { return Self.keptWhileCopied }
        return Int64(self.recovery?.periodDays ?? 0) * RecoverySettings.dayMilliseconds
    }

    /// A century: no copy takes longer.
    private static let keptWhileCopied: Int64 = 36_500 * RecoverySettings.dayMilliseconds
}

extension TableRecord {
    /// Adds the fields of restores, backups and exports to a table's record.
    static func add(_ table: TableDescriptor, to tree: inout AttributeTree) {
        if let recovery = table.recovery {
            tree["recoveryDays"] = self.number(recovery.periodDays)
            tree["recoverySince"] = recovery.since.map { self.number(Int($0.millisecondsSinceEpoch)) }
        }
        if !table.copies.isEmpty {
            tree["copies"] = .l(
                table.copies.map { copy in
                    .l([self.number(Int(copy.number)), self.number(Int(copy.since.millisecondsSinceEpoch))])
                }
            )
        }
        if let origin = table.origin {
            tree["originBackup"] = origin.backupARN.map { .s($0) }
            tree["originTable"] = .s(origin.tableARN)
            tree["originMoment"] = self.number(Int(origin.moment.millisecondsSinceEpoch))
        }
        if table.isBeingFilled { tree["isBeingFilled"] = .bool(true) }
    }

    /// - Returns: false when the record is damaged.
    static func read(_ tree: AttributeTree, into table: inout TableDescriptor) -> Bool {
        func time(_ value: AttributeValue?) -> Timestamp? {
            self.integer(value).map { Timestamp(millisecondsSinceEpoch: Int64($0)) }
        }
        if let days = self.integer(tree["recoveryDays"]) {
            table.recovery = RecoverySettings(since: time(tree["recoverySince"]), periodDays: days)
        }
        if case .l(let copies)? = tree["copies"] {
            table.copies = copies.compactMap { copy in
                guard case .l(let pair) = copy, pair.count == 2,
                    let number = self.integer(pair[0]).flatMap(UInt64.init(exactly:)), let since = time(pair[1])
                else { return nil }
                return RunningCopy(number: number, since: since)
            }
            guard table.copies.count == copies.count else { return false }
        }
        if let source = self.text(tree["originTable"]) {
            guard let moment = time(tree["originMoment"]) else { return false }
            table.origin = RestoreOrigin(
                backupARN: self.text(tree["originBackup"]), tableARN: source, moment: moment)
        }
        table.isBeingFilled = tree["isBeingFilled"] == .bool(true)
        return true
    }
}
