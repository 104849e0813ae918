#include "base/status.h"

const char *status_message(status s) {
    switch (s) {
        case STATUS_OK: return "Done.";
        case STATUS_NO_MEMORY: return "There is not enough memory for this.";
        case STATUS_BAD_PARAM: return "A parameter is outside its limits.";
        case STATUS_BAD_SHAPE: return "The sizes do not fit each other.";
        case STATUS_NOT_FINITE: return "The numbers ran away: the loss is no longer finite.";
        case STATUS_TOO_LARGE: return "This is larger than the stated limit.";
        case STATUS_BAD_DATA: return "The bytes are not what they should be.";
    }
    return "Unknown status.";
}
