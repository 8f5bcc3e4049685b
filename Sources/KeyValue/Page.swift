package import Primitives

/// One page of a scan.
package struct Page: Sendable {
    /// A key with its value, copied out of the page.
    package struct Entry: Hashable, Sendable {
        package let key: [UInt8]
        package let record: Versioned

        package init(key: [UInt8], record: Versioned) {
            self.key = key
            self.record = record
        }
    }

    package let entries: Entries
    /// The page reflects every commit up to this version.
    package let asOf: CommitVersion
    /// The position of the rest, for `KeyRange.continued(from:reverse:)`; nil when the range was read to its end.
    ///
    /// Forward, it is the first key that may follow (inclusive); in reverse, the last key that was read (exclusive).
    package let continuation: [UInt8]?

    package init(entries: Entries, asOf: CommitVersion, continuation: [UInt8]?) {
        self.entries = entries
        self.asOf = asOf
        self.continuation = continuation
    }
}

extension Page {
    /// Entries whose keys and values lie one after another in one array.
    ///
    /// As a collection it copies each entry that is accessed. Code that reads very many small values uses `bytes` and
    /// `value(at:)` instead, because an array for each value costs more than reading it.
    package struct Entries: Sendable {
        private struct Place {
            let start: Int
            let valueStart: Int
            let end: Int
            let version: CommitVersion
            let time: Timestamp
        }

        /// Keys and values, in the order of the entries.
        package private(set) var bytes: [UInt8] = []
        private var places: [Place] = []
        /// Stamps of replicated records, by index; only few tables have any.
        private var stamps: [Int: ReplicationStamp] = [:]

        package init() {}

        package init(_ entries: some Sequence<Entry>) {
            for entry in entries { self.append(entry) }
        }

        package mutating func reserveCapacity(entries: Int, bytes: Int) {
            self.places.reserveCapacity(entries)
            self.bytes.reserveCapacity(bytes)
        }

        /// The memory that the entries take, in bytes, bookkeeping included.
        package var byteCount: Int {
            self.bytes.count + self.places.count * MemoryLayout<Place>.stride
                + self.stamps.count * MemoryLayout<(Int, ReplicationStamp)>.stride
        }

        /// A copy without spare capacity, for callers that keep it.
        package var compact: Entries {
            var compact = Entries()
            compact.reserveCapacity(entries: self.places.count, bytes: self.bytes.count)
            compact.bytes.append(contentsOf: self.bytes)
            compact.places.append(contentsOf: self.places)
            compact.stamps = self.stamps
            return compact
        }

        package mutating func append(_ entry: Entry) {
            unsafe entry.key.withUnsafeBytes { key in
                unsafe entry.record.value.withUnsafeBytes { value in
                    unsafe self.append(
                        key: key, value: value, version: entry.record.version, time: entry.record.time,
                        stamp: entry.record.stamp)
                }
            }
        }

        /// Appends a copy of a key and a value.
        package mutating func append(
            key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, version: CommitVersion, time: Timestamp,
            stamp: ReplicationStamp?
        ) {
            let start = self.bytes.count
            let valueStart = start + key.count
            self.bytes.append(bytesMax: key.count + value.count) { cursor in
                unsafe cursor.append(key)
                unsafe cursor.append(value)
            }
            if let stamp { self.stamps[self.places.count] = stamp }
            self.places.append(
                Place(start: start, valueStart: valueStart, end: self.bytes.count, version: version, time: time))
        }

        /// The range of an entry's key in `bytes`.
        package func key(at index: Int) -> Range<Int> { self.places[index].start..<self.places[index].valueStart }

        /// The range of an entry's value in `bytes`.
        package func value(at index: Int) -> Range<Int> { self.places[index].valueStart..<self.places[index].end }
    }
}

extension Page.Entries: RandomAccessCollection {
    package var startIndex: Int { 0 }
    package var endIndex: Int { self.places.count }

    package subscript(index: Int) -> Page.Entry {
        let place = self.places[index]
        return Page.Entry(
            key: Array(self.bytes[place.start..<place.valueStart]),
            record: Versioned(
                value: Array(self.bytes[place.valueStart..<place.end]), version: place.version, time: place.time,
                stamp: self.stamps.isEmpty ? nil : self.stamps[index]))
    }
}
