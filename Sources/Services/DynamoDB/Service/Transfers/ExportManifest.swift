internal import Primitives
internal import ServiceModel
internal import WireProtocols

/// The manifests of an export's data files.
///
/// - Source: DynamoDB Developer Guide, "DynamoDB table export output format".
enum ExportManifest {
    /// One line of `manifest-files.json`.
    static func file(key: String, itemCount: Int, md5: [UInt8]) -> [UInt8] {
        var text = JSONObjectText()
        text.add("itemCount", itemCount)
        text.add("md5Checksum", Base64.encode(md5))
        text.add("etag", "\(Hex.encode(md5))-1")
        text.add("dataFileS3Key", key)
        return text.bytes
    }

    /// `manifest-summary.json`.
    static func summary(_ export: ExportDescriptor, end: Timestamp) -> [UInt8] {
        var text = JSONObjectText()
        if case .incremental = export.extent {
            text.add("version", "2023-08-01")
        } else {
            text.add("version", "2020-06-30")
        }
        text.add("exportArn", export.arn)
        text.add("startTime", Self.shown(export.start))
        text.add("endTime", Self.shown(end))
        text.add("tableArn", export.table.arn)
        text.add("tableId", export.table.tableID)
        switch export.extent {
        case .full: text.add("exportTime", Self.shown(export.time))
        case .incremental(let from, let to, _):
            text.add("exportFromTime", Self.shown(from))
            text.add("exportToTime", Self.shown(to))
        }
        text.add("s3Bucket", export.bucket)
        text.add("s3Prefix", export.prefix)
        text.add("s3SseAlgorithm", export.encryption ?? "AES256")
        text.add("s3SseKmsKeyId", export.encryptionKey)
        text.add("manifestFilesS3Key", export.objectKey("manifest-files.json"))
        text.add("billedSizeBytes", export.billedBytes)
        text.add("itemCount", export.itemCount)
        text.add("outputFormat", export.isIon ? "ION" : "DYNAMODB_JSON")
        if case .incremental(_, _, let withOldImages) = export.extent {
            text.add("outputView", withOldImages ? "NEW_AND_OLD_IMAGES" : "NEW_IMAGE")
            text.add("exportType", "INCREMENTAL_EXPORT")
        } else {
            text.add("exportType", "FULL_EXPORT")
        }
        return text.bytes
    }

    /// The form of a time in manifests: with milliseconds, even if they are zero.
    static func shown(_ time: Timestamp) -> String {
        let text = TimestampText.string(time, as: .dateTime)
        return text.contains(".") ? text : text.dropLast() + ".000Z"
    }
}
