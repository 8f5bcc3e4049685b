internal import Primitives

/// The parameters of one statement in PostgreSQL's binary format, contiguous in memory.
struct Parameters: Sendable {
    /// PostgreSQL's type OIDs, which have not changed since its first versions (`pg_type.dat`).
    private enum TypeNumber {
        static let bytes: UInt32 = 17
        static let int64: UInt32 = 20
        static let int32: UInt32 = 23
    }

    private(set) var bytes: [UInt8] = []
    /// The range of each parameter in `bytes`.
    private(set) var extents: [Range<Int>] = []

    mutating func add(_ number: Int64) {
        self.add { BigEndian.append(UInt64(bitPattern: number), to: &$0) }
    }

    mutating func add(_ value: [UInt8]) {
        self.add { $0.append(contentsOf: value) }
    }

    mutating func add(numbers: [Int32]) {
        self.addArray(numbers, TypeNumber.int32) { number, output in
            BigEndian.append(UInt32(4), to: &output)
            BigEndian.append(UInt32(bitPattern: number), to: &output)
        }
    }

    mutating func add(numbers: [Int64?]) {
        self.addArray(numbers, TypeNumber.int64) { number, output in
            guard let number else { return BigEndian.append(UInt32.max, to: &output) }
            BigEndian.append(UInt32(8), to: &output)
            BigEndian.append(UInt64(bitPattern: number), to: &output)
        }
    }

    mutating func add(values: [[UInt8]]) {
        self.addArray(values, TypeNumber.bytes) { value, output in
            BigEndian.append(UInt32(value.count), to: &output)
            output.append(contentsOf: value)
        }
    }

    private mutating func add(_ write: (inout [UInt8]) -> Void) {
        let start = self.bytes.count
        write(&self.bytes)
        self.extents.append(start..<self.bytes.count)
    }

    /// An array of one dimension, as `array_recv` reads it: dimensions, whether some are NULL, the elements' type, then
    /// count and lower bound, then each element after its length (all ones for NULL).
    private mutating func addArray<Element>(
        _ elements: [Element], _ type: UInt32, _ write: (Element, inout [UInt8]) -> Void
    ) {
        self.add { output in
            BigEndian.append(UInt32(elements.isEmpty ? 0 : 1), to: &output)
            BigEndian.append(UInt32(1), to: &output)
            BigEndian.append(type, to: &output)
            guard !elements.isEmpty else { return }
            BigEndian.append(UInt32(elements.count), to: &output)
            BigEndian.append(UInt32(1), to: &output)
            for element in elements { write(element, &output) }
        }
    }
}
