/// Builds a GGUF file: metadata, a table of tensors, then their data, each aligned to 32 bytes.
/// - Source: ggml's `docs/gguf.md`, version 3.
struct GGUFOutput {
    private static let version: UInt32 = 3
    private static let alignment = 32

    /// A value of the metadata.
    enum Value {
        case flag(Bool)
        case unsigned(UInt32)
        case float(Float)
        case text(String)
        case texts([String])
        case integers([Int32])
    }

    private struct Tensor {
        var name: String
        /// The innermost dimension first, which is the last one of a row-major shape.
        var sizes: [Int]
        var type: UInt32
        var offset: Int
    }

    private var entries: [(String, Value)] = []
    private var tensors: [Tensor] = []
    private var data: [UInt8] = []

    mutating func add(_ key: String, _ value: Value) { self.entries.append((key, value)) }

    /// Makes room for tensors of about so many bytes together, so that adding one need not move the others.
    mutating func reserve(tensorBytes: Int) { self.data.reserveCapacity(tensorBytes) }

    /// Adds a tensor in half precision (`isHalf`) or single precision.
    mutating func add(tensor name: String, shape: [Int], _ numbers: [Float], isHalf: Bool) {
        self.data += [UInt8](repeating: 0, count: (Self.alignment - self.data.count % Self.alignment) % Self.alignment)
        self.tensors.append(
            Tensor(name: name, sizes: shape.reversed(), type: isHalf ? 1 : 0, offset: self.data.count))
        for number in numbers {
            if isHalf {
                Self.append(UInt64(Float16(number).bitPattern), bytes: 2, to: &self.data)
            } else {
                Self.append(UInt64(number.bitPattern), bytes: 4, to: &self.data)
            }
        }
    }

    /// The content of the file.
    var bytes: [UInt8] {
        var output = GGUFPart.magic
        Self.append(UInt64(Self.version), bytes: 4, to: &output)
        Self.append(UInt64(self.tensors.count), bytes: 8, to: &output)
        Self.append(UInt64(self.entries.count), bytes: 8, to: &output)
        for (key, value) in self.entries {
            Self.append(key, to: &output)
            Self.append(value, to: &output)
        }
        for tensor in self.tensors {
            Self.append(tensor.name, to: &output)
            Self.append(UInt64(tensor.sizes.count), bytes: 4, to: &output)
            for size in tensor.sizes { Self.append(UInt64(size), bytes: 8, to: &output) }
            Self.append(UInt64(tensor.type), bytes: 4, to: &output)
            Self.append(UInt64(tensor.offset), bytes: 8, to: &output)
        }
        output += [UInt8](repeating: 0, count: (Self.alignment - output.count % Self.alignment) % Self.alignment)
        return output + self.data
    }

    private static func append(_ value: Value, to output: inout [UInt8]) {
        switch value {
        case .unsigned(let number):
            self.append(4, bytes: 4, to: &output)
            self.append(UInt64(number), bytes: 4, to: &output)
        case .float(let number):
            self.append(6, bytes: 4, to: &output)
            self.append(UInt64(number.bitPattern), bytes: 4, to: &output)
        case .flag(let isTrue):
            self.append(7, bytes: 4, to: &output)
            output.append(isTrue ? 1 : 0)
        case .text(let text):
            self.append(8, bytes: 4, to: &output)
            self.append(text, to: &output)
        case .texts(let texts):
            self.append(9, bytes: 4, to: &output)
            self.append(8, bytes: 4, to: &output)
            self.append(UInt64(texts.count), bytes: 8, to: &output)
            for text in texts { self.append(text, to: &output) }
        case .integers(let numbers):
            self.append(9, bytes: 4, to: &output)
            self.append(5, bytes: 4, to: &output)
            self.append(UInt64(numbers.count), bytes: 8, to: &output)
            for number in numbers { self.append(UInt64(UInt32(bitPattern: number)), bytes: 4, to: &output) }
        }
    }

    private static func append(_ text: String, to output: inout [UInt8]) {
        self.append(UInt64(text.utf8.count), bytes: 8, to: &output)
        output += text.utf8
    }

    private static func append(_ value: UInt64, bytes: Int, to output: inout [UInt8]) {
        for place in 0..<bytes { output.append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(place)))) }
    }
}
